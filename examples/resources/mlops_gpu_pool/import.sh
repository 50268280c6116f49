terraform import mlops_gpu_pool.train train-l4
