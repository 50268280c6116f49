package startup

import (
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"testing"
)

// The user's own setting is kept. The test runs itself again, since it is read before
// main.
func TestStartup(t *testing.T) {
	t.Parallel()
	if want := os.Getenv("MLOPS_TEST_PERCENT"); want != "" {
		if got := debug.SetGCPercent(100); strconv.Itoa(got) != want {
			t.Errorf("the heap grows by %d%%, want %s%%", got, want)
		}
		return
	}
	for set, want := range map[string]string{"": strconv.Itoa(percent), "50": "50"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStartup$")
		cmd.Env = append(os.Environ(), "GOGC="+set, "MLOPS_TEST_PERCENT="+want)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("GOGC=%q: %v\n%s", set, err, out)
		}
	}
}
