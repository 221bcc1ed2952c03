package pagekit

import "testing"

// What is put in is not looked at for placeholders of its own.
func TestFill(t *testing.T) {
	got := string(Parts{"a": "{{b}}", "b": "B"}.Fill("<{{a}}|{{b}}|{{none}}>"))
	if want := "<{{b}}|B|>"; got != want {
		t.Errorf("filled: %s, want %s", got, want)
	}
}

func TestPolicy(t *testing.T) {
	got := Policy([]string{"s"}, []string{"a", "b"}, "img-src data:")
	want := "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src " + Hash("s") + "; script-src " + Hash("a") + " " + Hash("b")
	if got != want {
		t.Errorf("the policy is %s, want %s", got, want)
	}
}

// The known hash of a known text, as a browser computes it.
func TestHash(t *testing.T) {
	if got, want := Hash("hello"), "'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='"; got != want {
		t.Errorf("the hash is %s, want %s", got, want)
	}
}
