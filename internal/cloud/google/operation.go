package google

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/api/container/v1"

	"github.com/gitops-ml/terraform-provider-mlops/internal/cloud"
)

// look is how long production waits between two looks at an operation.
const look = 10 * time.Second

// finish waits until an operation is done. What it failed of is in the error.
func (s services) finish(ctx context.Context, api *container.Service, cluster string, op *container.Operation) error {
	location, _, _ := strings.Cut(cluster, "/clusters/")
	name := location + "/operations/" + op.Name
	for op.Status != "DONE" {
		s.say("%s: %s%s", op.Name, strings.ToLower(op.Status), detail(op))
		err := cloud.Pause(ctx, s.pace(look))
		if err != nil {
			return fmt.Errorf("waiting for %s, which goes on: %w", op.Name, err)
		}
		err = s.patient(ctx, func() error {
			have, err := api.Projects.Locations.Operations.Get(name).Context(ctx).Do()
			if err == nil {
				op = have
			}
			return failure(err, "container.operations.get")
		})
		if errors.Is(err, cloud.ErrNotFound) {
			return nil // forgotten, as old ones are: what it did is read from the pool itself
		}
		if err != nil {
			return fmt.Errorf("waiting for %s, which goes on: %w", op.Name, err)
		}
	}
	return failed(op)
}

// failed says why an operation ended badly. Some say so in their status message only, which
// is there "if an error has occurred" (discovery document of container/v1, Operation).
func failed(op *container.Operation) error {
	status := op.Error
	if status == nil {
		status = &container.Status{}
	}
	if status.Message == "" && status.Code == 0 && op.StatusMessage == "" {
		return nil
	}
	says := cmp.Or(status.Message, op.StatusMessage, "GKE gives no reason")
	if quota := exhausted(says); quota != "" {
		return &broken{fmt.Sprintf("%s failed, %s is used up: %s", op.Name, quota, says)}
	}
	return &broken{op.Name + " failed: " + says}
}

func detail(op *container.Operation) string {
	if op.Detail == "" {
		return ""
	}
	return ", " + op.Detail
}

// broken is an operation that ended badly, or a node pool in a bad state.
type broken struct{ text string }

func (b *broken) Error() string { return b.text }

// health says what is wrong with a node pool, in GKE's words.
func health(n *container.NodePool) error {
	if n.Status != "ERROR" && n.Status != "RUNNING_WITH_ERROR" {
		return nil
	}
	var says []string
	for _, c := range n.Conditions {
		says = append(says, strings.TrimSpace(strings.Join([]string{c.CanonicalCode, c.Message}, " ")))
	}
	if len(says) == 0 && n.StatusMessage != "" {
		says = append(says, n.StatusMessage)
	}
	if len(says) == 0 {
		says = append(says, "GKE gives no reason")
	}
	return &broken{fmt.Sprintf("node pool %s is %s: %s", n.Name, n.Status, strings.Join(says, "; "))}
}

// settled waits until GKE changes a node pool no more. One that is being deleted is gone then.
func (s services) settled(ctx context.Context, api *container.Service, name string) (*container.NodePool, error) {
	status := "being read"
	for {
		n, err := api.Projects.Locations.Clusters.NodePools.Get(name).Context(ctx).Do()
		if err != nil {
			return nil, fmt.Errorf("waiting for node pool %s, which is %s: %w", name[strings.LastIndex(name, "/")+1:], status, failure(err, "container.clusters.get"))
		}
		status = n.Status
		if n.Status != "PROVISIONING" && n.Status != "RECONCILING" && n.Status != "STOPPING" {
			return n, nil
		}
		s.say("node pool %s: %s", n.Name, strings.ToLower(n.Status))
		if err := cloud.Pause(ctx, s.pace(look)); err != nil {
			return nil, fmt.Errorf("waiting for node pool %s, which is %s: %w", n.Name, n.Status, err)
		}
	}
}
