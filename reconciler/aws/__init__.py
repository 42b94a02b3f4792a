"""Sends calls, checks responses and classifies errors. The only package that imports boto3 and botocore."""
