"""YAML and JSON read with the line of every value; duplicate keys, alias bombs and strange tags are refused."""
