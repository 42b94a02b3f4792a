"""The lean client: DynamoDB's JSON protocol over keep-alive sockets, without the SDK's machinery around each call.

``choice`` decides once for a connection whether it can stand in for boto3's client; ``client`` makes the calls.
"""
