// A peer of the poll benchmark: a probe of WHMCS as json_exporter makes it, and lighter.
//
// Like json_exporter it has nothing that outlives a probe: each makes an HTTP client that keeps no
// connection, posts the form, reads the JSON, and answers with a registry of its own. It spares
// itself json_exporter's templates and JSONPath expressions.
//
//	prober ADDRESS TARGET FORM
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type counts struct {
	Result   string
	Active   float64 `json:"allActive"`
	Awaiting float64 `json:"awaitingReply"`
	Flagged  float64 `json:"flaggedTickets"`
	Status   map[string]struct {
		Title string
		Count float64
	}
}

func main() {
	address, target, form := os.Args[1], os.Args[2], os.Args[3]
	http.HandleFunc("/probe", func(w http.ResponseWriter, r *http.Request) {
		found, err := fetch(r, target, form)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		promhttp.HandlerFor(registry(found), promhttp.HandlerOpts{}).ServeHTTP(w, r)
	})
	log.Fatal(http.ListenAndServe(address, nil))
}

func fetch(r *http.Request, target, form string) (*counts, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, target, bytes.NewBufferString(form))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	found := &counts{}
	return found, json.Unmarshal(body, found)
}

func registry(found *counts) *prometheus.Registry {
	made := prometheus.NewRegistry()
	gauge := func(name string, value float64) {
		metric := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: name})
		metric.Set(value)
		made.MustRegister(metric)
	}
	gauge("whmcs_tickets_active", found.Active)
	gauge("whmcs_tickets_awaiting_reply", found.Awaiting)
	gauge("whmcs_tickets_flagged", found.Flagged)
	tickets := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "whmcs_tickets", Help: "Tickets."}, []string{"status"})
	for _, status := range found.Status {
		tickets.WithLabelValues(status.Title).Set(status.Count)
	}
	made.MustRegister(tickets)
	return made
}
