package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The language calls a bucket's rules `lifecycle`. Terraform takes an attribute of
// that name beside its own lifecycle block, but the framework reserves the name, so
// inside the attribute is called lifecycle_rules and renamed where values cross the
// protocol (ADR 0004).
const (
	renamedType = "mlops_bucket"
	outerName   = "lifecycle"
	innerName   = "lifecycle_rules"
)

// NewServer returns the provider as Terraform speaks to it.
func NewServer(version string) func() tfprotov6.ProviderServer {
	inner := providerserver.NewProtocol6(New(version)())
	return func() tfprotov6.ProviderServer { return &renamingServer{ProviderServer: inner()} }
}

// renamingServer renames one attribute of one resource in everything that crosses
// the protocol.
type renamingServer struct {
	tfprotov6.ProviderServer
	inner, outer tftypes.Type
}

func (s *renamingServer) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := s.ProviderServer.GetProviderSchema(ctx, req)
	if err != nil || resp.ResourceSchemas[renamedType] == nil {
		return resp, err
	}
	schema := *resp.ResourceSchemas[renamedType]
	block := *schema.Block
	block.Attributes = append([]*tfprotov6.SchemaAttribute{}, block.Attributes...)
	for i, a := range block.Attributes {
		if a.Name == innerName {
			renamed := *a
			renamed.Name = outerName
			block.Attributes[i] = &renamed
		}
	}
	schema.Block = &block
	resp.ResourceSchemas[renamedType] = &schema
	return resp, nil
}

// types asks the provider for its schema once: a server may be called without
// anyone having asked for it.
func (s *renamingServer) types(ctx context.Context) error {
	if s.outer != nil {
		return nil
	}
	resp, err := s.ProviderServer.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	inner := resp.ResourceSchemas[renamedType].ValueType()
	s.inner, s.outer = inner, renamedObject(inner, innerName, outerName)
	return nil
}

func renamedObject(t tftypes.Type, from, to string) tftypes.Type {
	object, ok := t.(tftypes.Object)
	if !ok {
		return t
	}
	attrs := make(map[string]tftypes.Type, len(object.AttributeTypes))
	for name, attr := range object.AttributeTypes {
		if name == from {
			name = to
		}
		attrs[name] = attr
	}
	return tftypes.Object{AttributeTypes: attrs}
}

// in turns values of Terraform into the framework's, out the other way round.
func (s *renamingServer) in(ctx context.Context, values ...**tfprotov6.DynamicValue) error {
	if err := s.types(ctx); err != nil {
		return err
	}
	return rename(s.outer, s.inner, outerName, innerName, values)
}

func (s *renamingServer) out(values ...**tfprotov6.DynamicValue) error {
	return rename(s.inner, s.outer, innerName, outerName, values)
}

func rename(from, to tftypes.Type, old, name string, values []**tfprotov6.DynamicValue) error {
	for _, v := range values {
		if *v == nil {
			continue
		}
		value, err := (*v).Unmarshal(from)
		if err != nil {
			return err
		}
		moved := tftypes.NewValue(to, nil)
		if !value.IsNull() {
			attrs := map[string]tftypes.Value{}
			if err := value.As(&attrs); err != nil {
				return err
			}
			attrs[name] = attrs[old]
			delete(attrs, old)
			moved = tftypes.NewValue(to, attrs)
		}
		dynamic, err := tfprotov6.NewDynamicValue(to, moved)
		if err != nil {
			return err
		}
		*v = &dynamic
	}
	return nil
}

// paths renames the attribute in the paths of diagnostics.
func paths(all []*tfprotov6.Diagnostic) {
	for _, d := range all {
		d.Attribute = renamedPath(d.Attribute)
	}
}

func renamedPath(p *tftypes.AttributePath) *tftypes.AttributePath {
	if p == nil || len(p.Steps()) == 0 || p.Steps()[0] != tftypes.AttributeName(innerName) {
		return p
	}
	steps := append([]tftypes.AttributePathStep{tftypes.AttributeName(outerName)}, p.Steps()[1:]...)
	return tftypes.NewAttributePathWithSteps(steps)
}

func (s *renamingServer) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if req.TypeName != renamedType {
		return s.ProviderServer.ValidateResourceConfig(ctx, req)
	}
	if err := s.in(ctx, &req.Config); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.ValidateResourceConfig(ctx, req)
	if err == nil {
		paths(resp.Diagnostics)
	}
	return resp, err
}

func (s *renamingServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if req.TypeName != renamedType {
		return s.ProviderServer.UpgradeResourceState(ctx, req)
	}
	if err := s.types(ctx); err != nil {
		return nil, err
	}
	var state map[string]json.RawMessage
	if req.RawState != nil && json.Unmarshal(req.RawState.JSON, &state) == nil {
		state[innerName] = state[outerName]
		delete(state, outerName)
		if len(state[innerName]) == 0 {
			delete(state, innerName)
		}
		data, err := json.Marshal(state)
		if err != nil {
			return nil, err
		}
		req.RawState = &tfprotov6.RawState{JSON: data}
	}
	resp, err := s.ProviderServer.UpgradeResourceState(ctx, req)
	if err != nil {
		return resp, err
	}
	return resp, s.out(&resp.UpgradedState)
}

func (s *renamingServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	if req.TypeName != renamedType {
		return s.ProviderServer.ReadResource(ctx, req)
	}
	if err := s.in(ctx, &req.CurrentState); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.ReadResource(ctx, req)
	if err != nil {
		return resp, err
	}
	return resp, s.out(&resp.NewState)
}

func (s *renamingServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if req.TypeName != renamedType {
		return s.ProviderServer.PlanResourceChange(ctx, req)
	}
	if err := s.in(ctx, &req.Config, &req.PriorState, &req.ProposedNewState); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.PlanResourceChange(ctx, req)
	if err != nil {
		return resp, err
	}
	paths(resp.Diagnostics)
	for i := range resp.RequiresReplace {
		resp.RequiresReplace[i] = renamedPath(resp.RequiresReplace[i])
	}
	return resp, s.out(&resp.PlannedState)
}

func (s *renamingServer) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	if req.TypeName != renamedType {
		return s.ProviderServer.ApplyResourceChange(ctx, req)
	}
	if err := s.in(ctx, &req.Config, &req.PriorState, &req.PlannedState); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.ApplyResourceChange(ctx, req)
	if err != nil {
		return resp, err
	}
	paths(resp.Diagnostics)
	return resp, s.out(&resp.NewState)
}

func (s *renamingServer) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := s.ProviderServer.ImportResourceState(ctx, req)
	if err != nil || req.TypeName != renamedType {
		return resp, err
	}
	if err := s.types(ctx); err != nil {
		return nil, err
	}
	for _, imported := range resp.ImportedResources {
		if err := s.out(&imported.State); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

func (s *renamingServer) MoveResourceState(ctx context.Context, req *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	resp, err := s.ProviderServer.MoveResourceState(ctx, req)
	if err != nil || req.TargetTypeName != renamedType || resp.TargetState == nil {
		return resp, err
	}
	if err := s.types(ctx); err != nil {
		return nil, err
	}
	return resp, s.out(&resp.TargetState)
}
