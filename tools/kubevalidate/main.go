package main

import (
	_ "sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	_ "sigs.k8s.io/kubectl-validate/pkg/validator"
)

func main() {}
