# AWS's notices that an instance will be taken away: Karpenter reads them here and drains the node in time.
resource "aws_sqs_queue" "interruption" {
  name                      = var.cluster_name # settings.interruptionQueue of Karpenter's chart
  message_retention_seconds = 300              # an older notice is of no use
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "interruption" {
  queue_url = aws_sqs_queue.interruption.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = ["events.amazonaws.com", "sqs.amazonaws.com"] }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.interruption.arn
      },
      {
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.interruption.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "interruption" {
  for_each = {
    health    = ["aws.health", "AWS Health Event"]
    rebalance = ["aws.ec2", "EC2 Instance Rebalance Recommendation"]
    spot      = ["aws.ec2", "EC2 Spot Instance Interruption Warning"]
    state     = ["aws.ec2", "EC2 Instance State-change Notification"]
  }

  name          = "${var.cluster_name}-${each.key}"
  event_pattern = jsonencode({ source = [each.value[0]], "detail-type" = [each.value[1]] })
}

resource "aws_cloudwatch_event_target" "interruption" {
  for_each = aws_cloudwatch_event_rule.interruption

  rule = each.value.name
  arn  = aws_sqs_queue.interruption.arn
}
