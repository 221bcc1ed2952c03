package cli

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/pipeline"
)

// limits are what a run may take of the machine.
type limits struct {
	workers int
	memory  string // a size, or a percentage of what there is
	tmp     string // folder of temporary files; "" = the system's
}

const (
	defaultMemory = "60%"
	leastMemory   = 64 << 20
)

func defaultLimits() limits { return limits{workers: runtime.GOMAXPROCS(0), memory: defaultMemory} }

func (l *limits) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&l.workers, "workers", l.workers, "goroutines that read the sales")
	cmd.Flags().StringVar(&l.memory, "memory", l.memory, "memory to keep below: a size, or a share of what the machine or its cgroup has; what grows past it goes to temporary files")
	cmd.Flags().StringVar(&l.tmp, "tmp", l.tmp, "folder of temporary files (default the system's)")
}

// options checks the limits, applies those that hold for the process, and
// returns the others.
func (l *limits) options() ([]gold.Option, error) {
	if l.workers < 1 {
		return nil, usage("--workers: at least one is needed", "")
	}
	bytes, err := memoryBytes(l.memory)
	if err != nil {
		return nil, err
	}
	if l.tmp != "" {
		if info, err := os.Stat(l.tmp); err != nil || !info.IsDir() {
			return nil, usage(fmt.Sprintf("--tmp %s: there is no such folder", l.tmp), "")
		}
		for _, name := range []string{"TMPDIR", "TMP"} { // os.TempDir's, by system
			if err := os.Setenv(name, l.tmp); err != nil {
				return nil, err
			}
		}
	}
	bytes += untouched // which is not used, but counted
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes - leastMemory/2) // the rest is for what is not the collector's
	}
	return []gold.Option{gold.Workers(l.workers), gold.MemoryLimit(bytes, "")}, nil
}

// scratch is where checks put what does not fit; options comes before it.
func (l *limits) scratch() *pipeline.Scratch {
	bytes, err := memoryBytes(l.memory)
	if err != nil {
		return new(pipeline.Scratch) // options has said so
	}
	return pipeline.NewScratch(bytes+untouched, "")
}

// memoryBytes returns the bytes that --memory means.
func memoryBytes(text string) (int64, error) {
	var bytes uint64
	if share, ok := strings.CutSuffix(text, "%"); ok {
		percent, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil || percent <= 0 || percent > 100 {
			return 0, usage(fmt.Sprintf("--memory %s: a share is from 1%% to 100%%", text), "")
		}
		all, err := memlimit.FromSystem()
		if cgroup, e := memlimit.FromCgroup(); e == nil && (err != nil || cgroup < all) {
			all, err = cgroup, nil
		}
		if err != nil {
			return 0, usage(fmt.Sprintf("--memory %s: how much memory there is cannot be found out: %v", text, err), "give a size: --memory 4GiB")
		}
		bytes = uint64(float64(all) * percent / 100)
	} else {
		var err error
		if bytes, err = humanize.ParseBytes(text); err != nil || bytes > 1<<50 {
			return 0, usage(fmt.Sprintf("--memory %s: not a size", text), "sizes look like 512MiB, 4GiB or 60%")
		}
	}
	if bytes < leastMemory {
		return 0, usage(fmt.Sprintf("--memory %s: a run needs more than that", text), "give at least "+size(leastMemory))
	}
	return int64(bytes), nil
}
