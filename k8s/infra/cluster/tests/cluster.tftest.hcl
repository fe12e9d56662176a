mock_provider "aws" {
  source = "./tests"
}

variables {
  region             = "us-west-2"
  availability_zones = ["us-west-2a", "us-west-2b"]
  admins             = ["arn:aws:iam::000000000000:role/admin"]
  artifacts_bucket   = "example-imagine-artifacts"
  images_bucket      = "example-imagine-images"
}

run "the_network" {
  assert {
    condition     = length(aws_nat_gateway.main) == 1 && length(aws_route_table.private) == 2
    error_message = "one NAT gateway should serve both zones"
  }
  assert {
    condition     = sort([for s in aws_subnet.private : s.cidr_block]) == tolist(["10.0.0.0/19", "10.0.32.0/19"])
    error_message = "the private subnets are not an eighth of the VPC each"
  }
  assert {
    condition     = sort([for s in aws_subnet.public : s.cidr_block]) == tolist(["10.0.128.0/24", "10.0.129.0/24"])
    error_message = "the public subnets are not in the upper half"
  }
  assert {
    condition     = alltrue([for s in aws_subnet.public : !contains(keys(s.tags), "karpenter.sh/discovery")])
    error_message = "Karpenter would start nodes in public subnets"
  }
}

run "the_cluster_is_closed" {
  assert {
    condition     = !aws_eks_cluster.main.vpc_config[0].endpoint_public_access
    error_message = "the API is open to the internet though nobody asked for it"
  }
  assert {
    condition = (
      aws_eks_cluster.main.access_config[0].authentication_mode == "API"
      && !aws_eks_cluster.main.access_config[0].bootstrap_cluster_creator_admin_permissions
      && toset(keys(aws_eks_access_policy_association.admin)) == toset(var.admins)
    )
    error_message = "somebody else than the admins has access"
  }
  assert {
    condition = (
      aws_launch_template.system.metadata_options[0].http_tokens == "required"
      && aws_launch_template.system.metadata_options[0].http_put_response_hop_limit == 1
    )
    error_message = "pods can take the node's role"
  }
  assert {
    condition     = jsondecode(aws_eks_addon.network["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "NetworkPolicies would do nothing"
  }
}

run "a_zone_has_its_own_nat" {
  variables {
    nat_per_zone = true
  }
  assert {
    condition     = length(aws_nat_gateway.main) == 2
    error_message = "each zone should have a NAT gateway"
  }
}

run "karpenter_takes_only_what_is_its_own" {
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.karpenter["nodes"].policy).Statement : contains(keys(s), "Condition")
      if anytrue([for a in flatten([s.Action]) : can(regex("Terminate|Delete|CreateTags|CreateLaunch", a))])
    ])
    error_message = "a policy without a condition: Karpenter could end anybody's instance"
  }
  assert {
    condition = [
      for s in jsondecode(aws_iam_role_policy.karpenter["nodes"].policy).Statement : s.Resource if s.Action == "iam:PassRole"
    ] == [aws_iam_role.karpenter_node.arn]
    error_message = "Karpenter may pass another role than the nodes'"
  }
  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.karpenter : [
        for s in jsondecode(policy.policy).Statement : [for a in flatten([s.Action]) : !endswith(a, "*")]
      ]
    ]))
    error_message = "an action with a wildcard"
  }
}

run "the_service_writes_pictures_and_no_models" {
  assert {
    condition = toset(flatten([
      for s in jsondecode(aws_iam_role_policy.imagine.policy).Statement : s.Resource if s.Action == "s3:PutObject"
    ])) == toset(["arn:aws:s3:::example-imagine-images/*"])
    error_message = "the service may write somewhere else"
  }
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.s3_csi.policy).Statement : contains(["s3:ListBucket", "s3:GetObject"], s.Action)
    ])
    error_message = "the driver may write models"
  }
}

run "notices_of_every_kind_reach_the_queue" {
  assert {
    condition     = length(aws_cloudwatch_event_target.interruption) == 4
    error_message = "a rule has no target"
  }
  assert {
    condition     = alltrue([for t in aws_cloudwatch_event_target.interruption : t.arn == aws_sqs_queue.interruption.arn])
    error_message = "a rule has another target"
  }
}
