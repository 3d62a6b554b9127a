// A peer of the scrape benchmark: the series of a file in client_golang's vectors, served by promhttp.
//
//	scrapes ADDRESS FILE
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func main() {
	address, path := os.Args[1], os.Args[2]
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(file)
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, family := range families {
		register(registry, family)
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	log.Fatal(http.ListenAndServe(address, nil))
}

// register makes a gauge of each family: a counter cannot be set, and costs the same.
func register(registry *prometheus.Registry, family *dto.MetricFamily) {
	options := prometheus.GaugeOpts{Name: family.GetName(), Help: family.GetHelp()}
	vector := prometheus.NewGaugeVec(options, names(family.GetMetric()[0]))
	for _, metric := range family.GetMetric() {
		labels := prometheus.Labels{}
		for _, pair := range metric.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		vector.With(labels).Set(value(metric))
	}
	registry.MustRegister(vector)
}

func names(metric *dto.Metric) []string {
	var found []string
	for _, pair := range metric.GetLabel() {
		found = append(found, pair.GetName())
	}
	return found
}

func value(metric *dto.Metric) float64 {
	if metric.Counter != nil {
		return metric.GetCounter().GetValue()
	}
	return metric.GetGauge().GetValue()
}
