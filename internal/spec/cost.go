package spec

import "math/big"

// Month is what 730 hours cost, at which clouds reckon a month; "" when the price of an
// hour is unknown.
func Month(hourly Number) Number { return times(hourly, 730) }

// of is the price of a node by its capacity. A price of spot that nobody knows is taken
// as that of on-demand nodes, so that costs are not said too low.
func (p *Price) of(capacity string) Number {
	switch {
	case p == nil:
		return ""
	case capacity == "spot" && p.Spot != "":
		return p.Spot
	}
	return p.OnDemand
}

// Hourly is what the fewest nodes of a pool cost an hour on the preferred capacity.
func (g *GPUPool) Hourly() Number { return times(g.Price.of(g.Groups()[0].Capacity), g.Nodes.Min) }

// Monthly is what a pool costs a month: the fewest nodes on the preferred capacity, and
// the most of every kind of capacity, since each of its groups can grow to nodes.max.
// What Karpenter makes is bounded as a whole: its most is on the dearest. Both are ""
// when the price is unknown.
func (g *GPUPool) Monthly() (least, most Number) {
	sum, dearest, known := new(big.Rat), Number("0"), true
	for _, group := range g.Groups() {
		p := g.Price.of(group.Capacity)
		known = known && p != ""
		sum.Add(sum, p.Rat())
		if p.Cmp(dearest) > 0 {
			dearest = p
		}
	}
	if g.Provisioned("aws") {
		sum = dearest.Rat()
	}
	least = times(Month(g.Price.of(g.Groups()[0].Capacity)), g.Nodes.Min)
	if !known {
		return least, ""
	}
	return least, times(Month(Decimal(sum)), g.Nodes.Max)
}

func times(n Number, count int64) Number {
	if n == "" {
		return ""
	}
	return Decimal(new(big.Rat).Mul(n.Rat(), new(big.Rat).SetInt64(count)))
}

// Decimal is a number that has a finite decimal form, exactly.
func Decimal(r *big.Rat) Number {
	places, _ := r.FloatPrec()
	return Number(r.FloatString(places))
}

// Cost is what the pools of a project cost at least, an hour and a month. What has no
// price counts as nothing.
func (p *Project) Cost() (hourly, monthly Number) {
	hour, month := new(big.Rat), new(big.Rat)
	for _, g := range p.GPUPools {
		if n := g.Hourly(); n != "" {
			hour.Add(hour, n.Rat())
		}
		if least, _ := g.Monthly(); least != "" {
			month.Add(month, least.Rat())
		}
	}
	return Decimal(hour), Decimal(month)
}

// budgets reports budgets that the pools exceed even with the fewest nodes.
func (l *linker) budgets() {
	sum, named := new(big.Rat), false
	for _, name := range sorted(l.p.Platform.Environments) {
		if b := l.p.Platform.Environments[name].Budget; b != nil {
			sum.Add(sum, b.Monthly.Rat())
			named = true
		}
	}
	_, monthly := l.p.Cost()
	if named && monthly.Rat().Cmp(sum) > 0 {
		l.fault(l.p.Platform, At("environments"), "the budgets of all environments are %s USD a month together, and the pools cost at least %s: raise a budget, or lower nodes.min of a pool", Decimal(sum), monthly)
	}
}
