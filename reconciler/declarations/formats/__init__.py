"""The forms of a declaration: class files, YAML and JSON are read; class files and YAML are written."""
