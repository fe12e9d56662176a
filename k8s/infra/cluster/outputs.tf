output "cluster_name" {
  description = "settings.clusterName of Karpenter's chart; `aws eks update-kubeconfig --name`."
  value       = aws_eks_cluster.main.name
}

output "cluster_endpoint" {
  description = "Where kubectl goes."
  value       = aws_eks_cluster.main.endpoint
}

output "discovery_tag" {
  description = "karpenter.sh/discovery in k8s/karpenter/node-classes.yaml."
  value       = aws_ec2_tag.cluster_security_group.value
}

output "node_role" {
  description = "role in k8s/karpenter/node-classes.yaml."
  value       = aws_iam_role.karpenter_node.name
}

output "interruption_queue" {
  description = "settings.interruptionQueue of Karpenter's chart."
  value       = aws_sqs_queue.interruption.name
}

output "service_account_roles" {
  description = "Role of each service account that has one by Pod Identity, as namespace/name."
  value       = { for key, role in aws_iam_role.pod : join("/", [local.pods[key].namespace, local.pods[key].service_account]) => role.name }
}
