// SPDX-License-Identifier: Apache-2.0

package rules

// maxSources bounds the number of files of one load.
const maxSources = 1 << 16

// Options is what loading depends on beside the files. The zero value adds
// nothing.
type Options struct {
	Additions []Addition // to outputs, in order
}

// Load reads rule files one on top of the other. Each file is compiled together
// with all before it, so a problem is reported where it first shows. The set is
// nil when any file is invalid; the report tells why.
func Load(srcs []Source) (*Set, *Report) { return Options{}.Load(srcs) }

// Load is the function Load with options.
func (opt Options) Load(srcs []Source) (*Set, *Report) {
	d := &definitions{additions: opt.Additions, told: map[string]bool{}}
	rep := &Report{Results: []*Result{}}
	set := &Set{}
	for i, src := range srcs {
		r := newResult(src.Name, d.told)
		rep.Results = append(rep.Results, r)
		if i >= maxSources {
			r.errorAt(ErrFileRead, newFile(0, src), point{line: 1, col: 1}, location{}, "more than %d rule files", maxSources)
			break
		}
		if set = d.load(newFile(i, src), r); set == nil {
			for _, src := range srcs[i+1:] {
				rep.unchecked = append(rep.unchecked, src.Name)
			}
			break
		}
	}
	d.checkPlugins()
	if !rep.OK() {
		set = nil
	}
	return set, rep
}

// load reads a file on top of those before it, nil when nobody knows what is in
// it. What is not valid stays as a name, so that nothing else is wrong for it.
func (d *definitions) load(f *file, r *Result) *Set {
	d.files = append(d.files, f)
	docs, ok := f.documents(r)
	if !ok {
		return nil
	}
	for _, n := range f.items(docs, r) {
		d.add(newItem(f, r, n))
	}
	c := compiler{d: d, r: r, lists: d.resolveLists()}
	set := c.compile()
	if len(d.told) == 0 {
		c.warnUnused()
	}
	return set
}
