# CLOUD:CLUSTER/POOL on aws and azure, the full name of a node pool on google
terraform import mlops_gpu_pool.train aws:ml/fraud-train-l4
terraform import mlops_gpu_pool.train google:projects/acme/locations/europe-west1/clusters/ml/nodePools/fraud-train-l4
