"""Programs that do the same work through boto3, cfddb, PynamoDB and dynamoose; ``installed`` fetches the last three."""
