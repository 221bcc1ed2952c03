package judgetest

import (
	"os/exec"
	"testing"
)

// SparkDBT returns the Python of Spark, which has dbt-spark too; see Spark.
func SparkDBT(t testing.TB) string {
	t.Helper()
	python := Spark(t)
	if err := exec.Command(python, "-c", "import dbt.adapters.spark").Run(); err != nil {
		missing(t, "no dbt-spark beside Spark ("+err.Error()+"): run make judges-spark")
	}
	return python
}
