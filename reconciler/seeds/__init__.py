"""Seeds: files or ``seed(environment)`` → items as the wire has them, checked against the table's keys.

``reading.read_seed`` is the door; one file a format reads records with their lines, ``shape`` tells plain items from
DynamoDB JSON, ``serialise`` and ``wire`` make attribute values, ``check`` judges the whole.
"""
