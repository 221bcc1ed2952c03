package openlineage

import (
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
	s := &Sender{to: to, queue: make(chan *Event, queued), done: make(chan struct{}), cancel: cancel}
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
		text, err := json.Marshal(e)
		if err == nil {
			err = s.to.Send(ctx, text)
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

// Close waits until all events are delivered, as long as patience lasts. The
// error says how many were not, and why.
func (s *Sender) Close(patience time.Duration) error {
	close(s.queue)
	late := false
	select {
	case <-s.done:
	case <-time.After(patience):
		late = true
		s.cancel()
		<-s.done
	}
	s.cancel()
	lost := s.lost + s.unasked
	if lost == 0 {
		return nil
	}
	why := s.first
	if why == nil && late {
		why = fmt.Errorf("it took longer than %s", patience)
	}
	return fmt.Errorf("%d of %d lineage events did not get to %s: %w", lost, lost+s.sent, s.to, why)
}
