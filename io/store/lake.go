package store

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/smeltdata/smelt/pipeline"
)

// Lake is an output folder that this process alone may write: see the package
// documentation for what is in it. Its methods may be used concurrently.
type Lake struct {
	dir  string
	lock *flock.Flock
	disk disk

	mu   sync.Mutex
	sink *sink // the one that was neither committed nor aborted, or nil
}

// lockPatience is how long Open waits for the lock, which a reader that
// finishes a killed run's switch holds for a moment.
const lockPatience = 300 * time.Millisecond

// Open makes the folder if it is missing, takes its lock, and brings it to
// order: a switch that was broken off is finished, leftovers of a run that was
// killed before are removed. A second process gets an error of kind
// pipeline.ErrOutput. The caller closes the lake.
func Open(dir string) (*Lake, error) { return open(dir, disk{}) }

func open(dir string, d disk) (*Lake, error) {
	l := &Lake{dir: dir, disk: d}
	if err := d.mkdir(l.state()); err != nil {
		return nil, outputError(dir, "cannot make the output folder", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	lock, err := takeLock(ctx, dir)
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, lockedError(dir)
	}
	l.lock = lock
	if err := l.recover(); err != nil {
		_ = unlock(lock)
		return nil, err
	}
	// Fails where nothing can be written, before a run reads its input.
	if err := d.mkdir(l.staging()); err != nil {
		_ = unlock(lock)
		return nil, outputError(l.staging(), "cannot write to the output folder", err)
	}
	return l, nil
}

// Dir returns the folder that the lake was opened with.
func (l *Lake) Dir() string { return l.dir }

// Close aborts an unfinished sink and gives the lock back.
func (l *Lake) Close() error {
	l.mu.Lock()
	s := l.sink
	l.mu.Unlock()
	var err error
	if s != nil {
		err = s.Abort()
	} else {
		_ = l.disk.remove(l.staging()) // only if it is empty
	}
	if e := unlock(l.lock); err == nil && e != nil {
		err = outputError(lockPath(l.dir), "cannot release the lock", e)
	}
	return err
}

// Recover brings a lake to order for a reader: what Open does, if anything is
// left to do and no run is at work. If a run is just switching its tables,
// Recover waits for it, for two seconds at most. It is no error if the folder
// does not exist, or if leftovers that do no harm cannot be removed.
func Recover(dir string) error {
	l := &Lake{dir: dir}
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		broken := exists(l.journal())
		if !broken && !exists(l.staging()) && !exists(l.old()) {
			return nil
		}
		once, cancel := context.WithCancel(context.Background())
		cancel()
		lock, err := takeLock(once, dir)
		if lock != nil {
			err = l.recover()
			_ = unlock(lock)
		} else if err == nil && broken && time.Now().Before(deadline) {
			continue
		}
		if !broken {
			return nil
		}
		return err
	}
}

func (l *Lake) state() string   { return filepath.Join(l.dir, "_smelt") }
func (l *Lake) staging() string { return filepath.Join(l.state(), "staging") }
func (l *Lake) old() string     { return filepath.Join(l.state(), "old") }
func (l *Lake) journal() string { return filepath.Join(l.state(), "journal.json") }
func (l *Lake) report() string  { return reportPath(l.dir) }

func lockPath(dir string) string { return filepath.Join(dir, "_smelt", "lock") }

// takeLock takes the lake's lock, and writes this process's id into it so that
// the next one can say who holds it. It tries until ctx ends, at least once;
// it returns nil if somebody else keeps it.
func takeLock(ctx context.Context, dir string) (*flock.Flock, error) {
	lock := flock.New(lockPath(dir), flock.SetPermissions(0o666))
	got, err := lock.TryLock()
	for err == nil && !got && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
		got, err = lock.TryLock()
	}
	if err != nil {
		return nil, outputError(lockPath(dir), "cannot lock the output folder", err)
	}
	if !got {
		return nil, nil
	}
	// Best effort: the lock itself is what counts.
	_ = os.WriteFile(lockPath(dir), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o666)
	return lock, nil
}

// lockedError says that somebody else holds the lock, and who.
func lockedError(dir string) error {
	who := ""
	if text, err := os.ReadFile(lockPath(dir)); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			who = " (process " + strconv.Itoa(pid) + ")"
		}
	}
	return &pipeline.Error{Kind: pipeline.ErrBusy, Msg: "another smelt run" + who + " is writing to " + dir,
		Hint: "wait for it or use another output"}
}

func unlock(lock *flock.Flock) error {
	_ = os.Truncate(lock.Path(), 0)
	return lock.Close()
}
