package bronze

import (
	"os"
	"syscall"
	"time"
)

// inodeOf returns when a file's content, name or times were changed last, which
// nobody can set, and its number in the file system.
func inodeOf(info os.FileInfo) (changed time.Time, inode uint64) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix()), st.Ino
	}
	return info.ModTime(), 0
}
