//go:build ignore

// This makes page/world.json, the outlines of countries, from two files of the
// npm package world-atlas 2.0.2, which are Natural Earth's (public domain):
//
//	npm pack world-atlas@2.0.2 && tar xf world-atlas-2.0.2.tgz
//	go run internal/dashboard/world_gen.go package/countries-110m.json package/countries-50m.json >internal/dashboard/page/world.json
//
// Countries are those of the first file, and of the second those that the first is
// too coarse for. The result maps an ISO 3166-1 alpha-2 code to rings, each x0, y0
// and then steps from point to point, on a plane of about 4000 by 1950 by the
// Equal Earth projection, in which areas compare, y upwards. Antarctica is left out.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"

	"golang.org/x/text/language"
)

// topology is what a file has that is needed here, of TopoJSON.
type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
	Objects   struct {
		Countries struct {
			Geometries []struct {
				Type       string
				ID         string
				Arcs       json.RawMessage
				Properties struct{ Name string }
			}
		}
	}
}

// withoutNumber are the areas that Natural Earth draws and ISO has no number for.
var withoutNumber = map[string]string{"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}

func main() {
	log.SetFlags(0)
	world := map[string][][]int{}
	for _, path := range os.Args[1:] {
		data, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		var t topology
		if err := json.Unmarshal(data, &t); err != nil {
			log.Fatal(path, ": ", err)
		}
		found := map[string][][]int{}
		for _, g := range t.Objects.Countries.Geometries {
			code := withoutNumber[g.Properties.Name]
			if r, err := language.ParseRegion(g.ID); err == nil {
				code = r.String()
			}
			if code == "" || code == "AQ" {
				continue
			}
			var polygons [][][]int
			if g.Type == "Polygon" {
				polygons = make([][][]int, 1)
				err = json.Unmarshal(g.Arcs, &polygons[0])
			} else {
				err = json.Unmarshal(g.Arcs, &polygons)
			}
			if err != nil {
				log.Fatal(path, ": ", g.Properties.Name, ": ", err)
			}
			for _, p := range polygons {
				for _, ring := range p {
					if r := t.ring(ring); len(r) >= 6 {
						found[code] = append(found[code], r)
					}
				}
			}
		}
		for code, rings := range found {
			if world[code] == nil {
				world[code] = rings
			}
		}
	}
	out, err := json.Marshal(world) // keys in order
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(out))
}

// ring joins arcs to steps between projected points, leaving out steps of nothing.
func (t *topology) ring(arcs []int) []int {
	var out []int
	var last [2]int
	var before float64
	for _, a := range arcs {
		reverse := a < 0
		if reverse {
			a = ^a
		}
		var points [][2]float64
		var at [2]float64
		for _, step := range t.Arcs[a] {
			at[0] += step[0]
			at[1] += step[1]
			points = append(points, at)
		}
		for i := range points {
			p := points[i]
			if reverse {
				p = points[len(points)-1-i]
			}
			lon, lat := p[0]*t.Transform.Scale[0]+t.Transform.Translate[0], p[1]*t.Transform.Scale[1]+t.Transform.Translate[1]
			// What crosses the date line goes on beyond it: Chukotka stays with Russia.
			if len(out) == 0 && lon < -168.9 && lat > 66 || len(out) > 0 && before-lon > 180 {
				lon += 360
			} else if len(out) > 0 && lon-before > 180 {
				lon -= 360
			}
			before = lon
			x, y := project(lon, lat)
			now := [2]int{int(math.Round(x * 740)), int(math.Round(y * 740))}
			if len(out) == 0 || now != last {
				out = append(out, now[0]-last[0], now[1]-last[1])
				last = now
			}
		}
	}
	return out
}

// project is Equal Earth (Šavrič, Patterson, Jenny 2018): degrees to a plane.
func project(lon, lat float64) (x, y float64) {
	const a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
	m := math.Sqrt(3) / 2
	l := math.Asin(m * math.Sin(lat*math.Pi/180))
	l2 := l * l
	l6 := l2 * l2 * l2
	x = lon * math.Pi / 180 * math.Cos(l) / (m * (a1 + 3*a2*l2 + l6*(7*a3+9*a4*l2)))
	return x, l * (a1 + a2*l2 + l6*(a3+a4*l2))
}
