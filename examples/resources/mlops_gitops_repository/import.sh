# URL#BRANCH, or URL#BRANCH:PATH for a sub-folder of a monorepo.
terraform import mlops_gitops_repository.this 'https://git.example.com/acme/fraud-gitops.git#main'
