package release

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestStatic: the binary needs nothing of the system: it names no interpreter and no
// library, and in an otherwise empty root, as a user without rights, it makes a shop's
// tables in a time zone, which the image's Dockerfile counts on.
func TestStatic(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the binary")
	}
	root := t.TempDir()
	binary := filepath.Join(root, "smelt")
	build := exec.Command("go", "build", "-o", binary, "-ldflags", "-X github.com/smeltdata/smelt/internal/cli.buildVersion=v1.2.3", "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary is linked dynamically: it has %s", p.Type)
		}
	}

	for _, dir := range []string{"tmp", "shop"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(root, dir), 0o777); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"smelt.yml": "timezone: Europe/Berlin\nsources:\n  - {table: sales, files: sales.csv, columns: {order_id: Order, ordered_at: At, product_id: Product, quantity: Quantity, unit_price: Price}}\n",
		"sales.csv": "Order,At,Product,Quantity,Price\nSO1,2026-07-01T22:30:00Z,P1,2,10.00\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "shop", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	smelt := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("/smelt", args...)
		cmd.Dir, cmd.Env = "/shop", []string{"PATH=/"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		if os.Getuid() == 0 {
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65532, Gid: 65532}
		} else {
			cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			t.Skipf("this system lets no test change its root: %v", err)
		}
		if err != nil {
			t.Fatalf("smelt %s: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := smelt("--version"); !strings.HasPrefix(out, "smelt v1.2.3 (go1") {
		t.Errorf("--version: %s", out)
	}
	smelt("run")
	// 22:30 in UTC is the next day in Berlin.
	if out := smelt("show", "fact_sales", "--format", "csv", "--columns", "order_id,order_date"); !strings.Contains(out, "SO1,2026-07-02") {
		t.Errorf("fact_sales: %s", out)
	}
}
