package openlineage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Transport takes events to where they are read.
type Transport interface {
	// Send delivers one event, a JSON object without line breaks. After an error
	// within which is ErrRefused the next one may fare better, after others not.
	Send(ctx context.Context, event []byte) error
	// String says where events go, without secrets.
	String() string
}

// ErrRefused is in the error of an event that was not taken, by somebody who is there.
var ErrRefused = errors.New("refused")

// Sender delivers events beside a run, in their order. Send never waits, and an
// event that cannot be delivered fails nothing: Close tells. It has one goroutine,
// which Close ends.
type Sender struct {
	to      Transport
	queue   chan *Event
	answer  chan struct{} // closed once somebody has answered
	done    chan struct{}
	cancel  context.CancelFunc
	sent    int
	lost    int
	unasked int // lost, for the queue was full; only of Send
	first   error
}

// queued is more than the events of any run: two of each table and a few.
const queued = 1 << 10

// NewSender returns a sender to a transport.
func NewSender(to Transport) *Sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{to: to, queue: make(chan *Event, queued), answer: make(chan struct{}), done: make(chan struct{}), cancel: cancel}
	go s.deliver(ctx)
	return s
}

// Send queues an event. It must not be called by several goroutines at once, nor
// after Close.
func (s *Sender) Send(e *Event) {
	select {
	case s.queue <- e:
	default:
		s.unasked++
	}
}

func (s *Sender) deliver(ctx context.Context) {
	defer close(s.done)
	broken := false
	for e := range s.queue {
		if broken || ctx.Err() != nil {
			s.lost++
			continue
		}
		var text bytes.Buffer
		j := json.NewEncoder(&text)
		j.SetEscapeHTML(false) // rules have < and >
		err := j.Encode(e)
		if err == nil {
			err = s.to.Send(ctx, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
		}
		if s.sent+s.lost == 0 && ctx.Err() == nil {
			close(s.answer)
		}
		if err == nil {
			s.sent++
			continue
		}
		s.lost++
		if s.first == nil && ctx.Err() == nil {
			s.first = err
		}
		broken = !errors.Is(err, ErrRefused)
	}
}

// Close waits until all events are delivered, as long as patience lasts, or a
// fifth of it where nobody has answered yet. The error says how many were not
// delivered, and why.
func (s *Sender) Close(patience time.Duration) error {
	close(s.queue)
	if wait(patience/5, s.answer, s.done) {
		wait(patience, s.done, nil)
	}
	s.cancel()
	<-s.done
	lost := s.lost + s.unasked
	if lost == 0 {
		return nil
	}
	why := s.first
	if why == nil {
		why = errors.New("it took too long")
	}
	return fmt.Errorf("%d of %d lineage events did not get to %s: %w", lost, lost+s.sent, s.to, why)
}

// wait waits for one of two channels to be closed, but no longer than d, and
// reports whether one was.
func wait(d time.Duration, a, b <-chan struct{}) bool {
	select {
	case <-a:
	case <-b:
	case <-time.After(d):
		return false
	}
	return true
}
