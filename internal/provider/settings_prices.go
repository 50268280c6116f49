package provider

import (
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/gitops-ml/terraform-provider-mlops/internal/catalog/prices"
	"github.com/gitops-ml/terraform-provider-mlops/internal/spec"
)

// prices are the embedded list with the user's own over it.
func (s *settings) prices() (*prices.Catalog, error) {
	all, err := prices.Embedded()
	if err != nil || s.Prices.ValueString() == "" {
		return all, err
	}
	file, err := os.Open(s.Prices.ValueString())
	if err != nil {
		return nil, fmt.Errorf("prices of the provider: %w", err)
	}
	defer func() { _ = file.Close() }()
	rows, err := prices.Read(file)
	if err != nil {
		return nil, fmt.Errorf("prices of the provider: %s: %w", s.Prices.ValueString(), err)
	}
	return all.With(rows), nil
}

// open is a choice while the user's prices are late: on each way another machine, unless
// one is pinned, and another price. Of a choice that fails for want of prices nothing is
// known.
func (s *settings) open(chosen prices.Choice, pinned string, err error) (prices.Choice, error) {
	if s.way == 0 {
		return chosen, err
	}
	letter := letters[s.way-1]
	if err != nil {
		chosen = prices.Choice{Machine: prices.Machine{InstanceType: first(pinned, letter)}}
	}
	chosen.Candidates = slices.Clone(chosen.Candidates)
	for i := range chosen.Candidates {
		chosen.Candidates[i] = s.priced(chosen.Candidates[i])
	}
	if pinned == "" && s.way == 2 && err == nil {
		if chosen.InstanceType = letter; len(chosen.Candidates) > 1 {
			chosen.Machine = chosen.Candidates[1]
		}
	}
	chosen.Machine, chosen.Why = s.priced(chosen.Machine), letter
	return chosen, nil
}

// priced is a machine with a price of this way.
func (s *settings) priced(m prices.Machine) prices.Machine {
	m.OnDemand, m.Spot, m.AsOf = [2]spec.Number{"8", "9"}[s.way-1], [2]spec.Number{"6", "7"}[s.way-1], [2]string{"9999-12-30", "9999-12-31"}[s.way-1]
	return m
}

// ofPrices are the attributes that the user's prices decide about while those are late.
func (s *settings) ofPrices(kind spec.Kind, config tftypes.Value) []string {
	if kind != spec.KindGPUPool || !s.isLate("prices") || !slices.Contains(sold, cloudOf(config)) {
		return nil
	}
	out := []string{"candidates", "choice", "price_as_of", "hourly_cost", "monthly_cost", "spec"}
	if textIn(config, "instance_type") == "" {
		out = append(out, "instance_type", "settings")
	}
	return out
}
