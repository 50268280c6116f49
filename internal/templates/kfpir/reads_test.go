package kfpir

import (
	"maps"
	"testing"
)

func TestReads(t *testing.T) {
	b := builder{parameters: map[string]Parameter{"rate": {Type: "NUMBER_DOUBLE"}, "rounds": {Type: "NUMBER_INTEGER"}, "unused": {Type: "STRING"}}}
	got := b.reads([]string{
		"python", "--rate=" + Input("rate"), Input("rate") + "/" + Input("rounds"), Input("other"), Input(RunID) + "}}",
		inputOpens + Input("rate"), inputOpens + "unused", "unused" + inputCloses,
	})
	if want := map[string]string{"rate": "NUMBER_DOUBLE", "rounds": "NUMBER_INTEGER", RunID: "STRING"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
