// Reads manifests from standard input and says of each that has pods what the restricted Pod Security Standard
// has against them: with the code that admits pods in a cluster. Unknown and doubled fields are refused too.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	admitted, err := judge(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !admitted {
		os.Exit(1)
	}
}

// judge writes a line for each object with pods; it returns whether all of them would be admitted.
func judge(manifests io.Reader, out io.Writer) (bool, error) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return false, err
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(manifests))
	admitted := true
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return admitted, nil
		}
		if err != nil {
			return false, err
		}
		object, kind, err := decoder.Decode(document, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			continue // the operator's
		}
		if err != nil {
			return false, err
		}
		meta, spec, err := admission.DefaultPodSpecExtractor{}.ExtractPodSpec(object)
		if err != nil || spec == nil {
			continue // without pods
		}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, meta, spec))
		admitted = admitted && result.Allowed
		fmt.Fprintf(out, "%s allowed=%t %s\n", kind.Kind, result.Allowed, result.ForbiddenDetail())
	}
}
