package schedule

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// How a run ends.
const (
	Done        = "done"        // it has published tables
	NothingNew  = "nothing new" // there was nothing to do
	Failed      = "failed"
	Skipped     = "skipped"     // another program's run was on until the next time
	Interrupted = "interrupted" // the loop was ended meanwhile
)

// Entry is what the history tells of one run.
type Entry struct {
	Due     time.Time `json:"due"` // the schedule's time that it is of
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Outcome string    `json:"outcome"`
	Run     string    `json:"run,omitempty"`   // the run's id; "" = it has none
	Error   string    `json:"error,omitempty"` // what went wrong
}

// maxHistory is how many bytes a history comes to before its older half is dropped:
// about three thousand runs.
const maxHistory = 1 << 20

// historyPath is the file that a lake's history is in: an entry a line, as JSON.
func historyPath(lake string) string { return filepath.Join(lake, "_smelt", "schedule.jsonl") }

// Append adds a run to the history of a lake, which it makes where there is none.
func Append(lake string, e Entry) error {
	path := historyPath(lake)
	failed := func(err error) error {
		return &pipeline.Error{Kind: pipeline.ErrOutput, File: path, Msg: "the history of runs cannot be written", Err: err}
	}
	e.Due, e.Started, e.Ended = e.Due.UTC(), e.Started.UTC().Truncate(time.Millisecond), e.Ended.UTC().Truncate(time.Millisecond)
	line, err := json.Marshal(e)
	if err != nil {
		return failed(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return failed(err)
	}
	if err := trim(path); err != nil {
		return failed(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return failed(err)
	}
	line = append(line, '\n')
	if cutOff(f) {
		line = append([]byte{'\n'}, line...)
	}
	_, err = f.Write(line) // at once: lines of two programs do not mix
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// cutOff reports whether a crash or a full disk has left the last line without its end.
func cutOff(f *os.File) bool {
	end := make([]byte, 1)
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	_, err = f.ReadAt(end, info.Size()-1)
	return err == nil && end[0] != '\n'
}

// trim drops the older half of a history that has grown too large.
func trim(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() < maxHistory {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, newer, _ := bytes.Cut(text[len(text)/2:], []byte("\n"))
	if err := os.WriteFile(path+".new", newer, 0o666); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// History returns the runs of a lake's history, the oldest first; none where there is
// no history. A line that a crash has cut off is passed over.
func History(lake string) ([]Entry, error) {
	text, err := os.ReadFile(historyPath(lake))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: historyPath(lake), Msg: "cannot be read", Err: err}
	}
	var out []Entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var e Entry
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			out = append(out, e)
		}
	}
	return out, nil
}
