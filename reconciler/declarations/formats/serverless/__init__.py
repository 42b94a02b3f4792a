"""Reads the tables of serverless.yml, and resource files of serverless projects."""
