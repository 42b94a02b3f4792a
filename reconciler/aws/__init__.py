"""The only place that imports boto3: send calls, check answers, name the errors."""
