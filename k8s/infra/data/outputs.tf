output "repositories" {
  description = "newName of each image in an overlay's kustomization.yaml."
  value       = { for name, repository in aws_ecr_repository.image : name => repository.repository_url }
}

output "artifacts_bucket" {
  description = "bucketName of the volume in k8s/components/models-s3; variable of ../cluster."
  value       = aws_s3_bucket.store["artifacts"].id
}

output "images_bucket" {
  description = "Where pictures are stored; variable of ../cluster."
  value       = aws_s3_bucket.store["images"].id
}
