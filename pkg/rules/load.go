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
	d := &definitions{additions: opt.Additions}
	rep := &Report{Results: []*Result{}}
	var set *Set
	for i, src := range srcs {
		r := newResult(src.Name)
		rep.Results = append(rep.Results, r)
		if i >= maxSources {
			r.errorAt(ErrFileRead, newFile(0, src), point{line: 1, col: 1}, location{}, "more than %d rule files", maxSources)
			break
		}
		set = d.load(newFile(i, src), r)
		if !r.Successful {
			set = nil
			break
		}
	}
	if len(srcs) == 0 {
		set = &Set{}
	}
	d.checkPlugins()
	if !rep.OK() {
		set = nil
	}
	return set, rep
}

func (d *definitions) load(f *file, r *Result) *Set {
	d.files = append(d.files, f)
	for _, n := range f.items(r) {
		d.add(newItem(f, r, n))
	}
	if !r.Successful {
		return nil
	}
	c := compiler{d: d, r: r, lists: d.resolveLists()}
	set := c.compile()
	if r.Successful {
		c.warnUnused()
	}
	return set
}
