//go:build unix

package cli

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory returns the largest size in bytes that an ended process had.
func peakMemory(p *os.ProcessState) int64 {
	peak := p.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" {
		return peak
	}
	return peak * 1024
}
