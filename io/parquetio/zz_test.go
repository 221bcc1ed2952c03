package parquetio
import ("testing";"syscall";"io";"time";"github.com/parquet-go/parquet-go")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(syscall.RUSAGE_SELF,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }
func BenchmarkCPU(b *testing.B){
	const n=1<<20
	batches := saleBatches(n, 16<<10)
	best:=time.Hour
	for b.Loop(){
		c:=cpu()
		w := NewWriter(io.Discard, saleLines, Options{})
		for _, rec := range batches { w.Write(rec) }
		w.Close()
		best=min(best,cpu()-c)
	}
	b.ReportMetric(float64(best.Nanoseconds())/n,"best-cpu-ns/row")
}
type gr struct { A string; B *int32; C int64; D int32; E *string `parquet:",dict"`; F string `parquet:",dict"`; G,H,I int64; J string `parquet:",dict"`; K *int64}
func BenchmarkGeneric(b *testing.B){
	rows:=make([]gr,1<<17)
	for i:=range rows { l:=int32(i%3); s:="C1234567"; t:=int64(i); rows[i]=gr{"ORD-000123123",&l,int64(i),int32(i/100),&s,"P0001",3,4500,int64(i*77%10007),"Country 3",&t} }
	best:=time.Hour
	for b.Loop(){
		c:=cpu()
		w:=parquet.NewGenericWriter[gr](io.Discard, parquet.Compression(&parquet.Snappy))
		w.Write(rows); w.Close()
		best=min(best,cpu()-c)
	}
	b.ReportMetric(float64(best.Nanoseconds())/(1<<17),"best-cpu-ns/row")
}
