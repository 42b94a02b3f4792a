"""Seeds that Faker generates from the field ``seed.generate`` of a declaration.

``read_generated.GeneratedSeeds`` is the entry point. ``generated_fields`` checks what is declared, ``values`` makes the
values of one item.
"""
