# One registry for each image that docker/ builds.
resource "aws_ecr_repository" "image" {
  for_each = toset(["imagine-server", "imagine-neuron", "imagine-compile", "imagine-ui"])

  name                 = each.key
  image_tag_mutability = "IMMUTABLE" # what was deployed as 0.1.0 stays 0.1.0
  force_delete         = var.force_destroy

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

# Tagged images stay: a rollback needs them.
resource "aws_ecr_lifecycle_policy" "image" {
  for_each = aws_ecr_repository.image

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "layers of builds that nobody tagged"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}
