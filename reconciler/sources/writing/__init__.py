"""From an observed table to a declaration's text: ``document`` says what, ``yaml_file`` and ``class_file`` how."""
