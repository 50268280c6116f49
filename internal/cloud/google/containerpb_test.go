package google_test

import (
	"fmt"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func init() {
	strict = func(id string, body []byte) error {
		verb, ours := strings.CutPrefix(id, "container.projects.locations.clusters.nodePools.")
		if !ours {
			return nil
		}
		message := map[string]proto.Message{
			"create": &containerpb.CreateNodePoolRequest{}, "update": &containerpb.UpdateNodePoolRequest{},
			"setAutoscaling": &containerpb.SetNodePoolAutoscalingRequest{}, "setManagement": &containerpb.SetNodePoolManagementRequest{},
		}[verb]
		if message == nil {
			return fmt.Errorf("no type is known of the body of %s", id)
		}
		return protojson.Unmarshal(body, message)
	}
}
