"""Reads the tables of CloudFormation and SAM templates, those of the CDK and of serverless included."""
