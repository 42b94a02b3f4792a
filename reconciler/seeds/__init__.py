"""Seeds: files or ``seed(environment)`` → items as the wire has them, checked against the table's keys.

``reading.read_seed_file`` is the door. One file a format reads records with their lines, ``convert`` tells plain items
from DynamoDB JSON, ``values`` and ``wire`` make attribute values, ``check`` judges the whole.
"""
