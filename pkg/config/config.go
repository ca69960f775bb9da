// SPDX-License-Identifier: Apache-2.0

package config

import (
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
)

// Version is the version of the format; a file says which one it is written for.
const Version = 1

// DefaultPath is the file that is read when none is named and it exists.
const DefaultPath = "/etc/eyas/eyas.toml"

// Config is the whole configuration. The comments of the keys are what 'agent config default' prints.
// Keys that Falco has too keep its names and meaning.
type Config struct {
	Version int64 `toml:"version" comment:"Version of this format."`

	RulesFiles   []string `toml:"rules_files" comment:"Rule files, and folders of them (read in order of their names), loaded one on top of the other; what does not exist is skipped."`
	Priority     string   `toml:"priority" comment:"Rules less urgent than this are not loaded: emergency, alert, critical, error, warning, notice, informational or debug."`
	RuleMatching string   `toml:"rule_matching" comment:"What happens when several rules match an event: the first raises an alert, or all do (first, all)."`

	Rules        []RuleChoice     `toml:"rules" comment:"Which rules take part, in order: each entry enables or disables those of a rule name, in which * stands for any text, or of a tag."`
	AppendOutput []OutputAddition `toml:"append_output" comment:"What is added to the outputs of rules: match chooses them by rule, source and tags, extra_output is a text with fields, extra_fields are for JSON alone, suggested_output is the fields of container and pod."`

	JSONOutput              bool `toml:"json_output" comment:"Alerts are JSON lines instead of text."`
	JSONIncludeOutput       bool `toml:"json_include_output_property" comment:"JSON alerts hold the text line as output."`
	JSONIncludeOutputFields bool `toml:"json_include_output_fields_property" comment:"JSON alerts hold the fields that their text names, with their values, as output_fields."`
	JSONIncludeTags         bool `toml:"json_include_tags_property" comment:"JSON alerts hold the rule's tags."`
	JSONIncludeMessage      bool `toml:"json_include_message_property" comment:"JSON alerts hold the text without time and priority as message."`
	TimeISO8601             bool `toml:"time_format_iso_8601" comment:"Times in alerts are whole dates with the offset from UTC instead of the local time of day."`
	BufferFormatBase64      bool `toml:"buffer_format_base64" comment:"Data buffers in alerts are base64, instead of text with a dot for each byte that is no printable ASCII."`
	BufferedOutputs         bool `toml:"buffered_outputs" comment:"Alerts are gathered for up to a second before they are written, instead of at once."`

	LogLevel  string `toml:"log_level" comment:"Least urgent messages about the agent itself that are told: error, warning, info or debug."`
	LogStderr bool   `toml:"log_stderr" comment:"Messages about the agent itself go to stderr."`
	LogSyslog bool   `toml:"log_syslog" comment:"Messages about the agent itself go to the system's log, as program eyas. Those of 'agent run -d' do in any case when stderr is no file."`

	WatchConfigFiles bool `toml:"watch_config_files" comment:"Rules and configuration are loaded anew when their files change, as they are on SIGHUP; the events go on meanwhile."`

	BaseSyscalls  BaseSyscalls  `toml:"base_syscalls" comment:"Which system calls are recorded beside those that the rules need."`
	Driver        Driver        `toml:"driver" comment:"The session with the kernel module."`
	Governor      Governor      `toml:"governor" comment:"What the agent gives up, and takes back, when the host is busier than it may be. A change of it takes all back and begins anew."`
	Control       Control       `toml:"control" comment:"Where 'agent mask set' and other commands talk to this agent."`
	Metrics       Metrics       `toml:"metrics" comment:"Numbers on this agent, a line of JSON now and then and at the end: events, losses by reason, matches by rule, the outputs, the tables, CPU time."`
	State         State         `toml:"state" comment:"What is remembered of the host: threads, their descriptors, containers, users."`
	Capture       Capture       `toml:"capture" comment:"What happens before and after the match of a rule that has 'capture: true', in files for 'agent capture read' and 'agent run -e': the events of one process tree, which is a service, a container or a login. A change of it ends the files that are being written and begins anew."`
	OutputsQueue  OutputsQueue  `toml:"outputs_queue" comment:"The queue of alerts in front of each output."`
	StdoutOutput  StdoutOutput  `toml:"stdout_output" comment:"Alerts to the standard output."`
	FileOutput    FileOutput    `toml:"file_output" comment:"Alerts to a file."`
	SyslogOutput  SyslogOutput  `toml:"syslog_output" comment:"Alerts to the system's log, as program eyas and with the priority of the rule."`
	ProgramOutput ProgramOutput `toml:"program_output" comment:"Alerts to the input of a program."`
	HTTPOutput    HTTPOutput    `toml:"http_output" comment:"Alerts posted to a server, each in a request of its own; what it does not answer with success is lost, counted and told, what it does not answer in time is posted again."`
}

// RuleChoice switches rules on or off.
type RuleChoice struct {
	Enable  RuleMatch `toml:"enable" comment:"The rules to enable."`
	Disable RuleMatch `toml:"disable" comment:"The rules to disable."`
}

// RuleMatch names rules.
type RuleMatch struct {
	Rule string `toml:"rule" comment:"The whole name of a rule; * stands for any text."`
	Tag  string `toml:"tag" comment:"A tag."`
}

// OutputAddition is an entry of append_output.
type OutputAddition struct {
	Match           OutputMatch  `toml:"match" comment:"The rules whose outputs it is added to; without it, all."`
	ExtraOutput     string       `toml:"extra_output" comment:"A text with fields, added after a blank."`
	ExtraFields     []ExtraField `toml:"extra_fields" comment:"Fields of JSON alerts: a name, or a name with an output text of its own."`
	SuggestedOutput bool         `toml:"suggested_output" comment:"The fields that every output should have are added: container and pod."`
}

// OutputMatch chooses rules; what is empty fits all.
type OutputMatch struct {
	Rule   string   `toml:"rule" comment:"The name of the rule."`
	Source string   `toml:"source" comment:"The source of its events."`
	Tags   []string `toml:"tags" comment:"Tags that it must have, all of them."`
}

// ExtraField is a member of a JSON alert's output_fields. It is written as a text, which names a field, or as a table
// with the member's name and its output: {name = '%proc.name'}.
type ExtraField struct {
	Name   string
	Output string // "" = the value of the field that Name is
}

// BaseSyscalls steers the selection.
type BaseSyscalls struct {
	CustomSet []string `toml:"custom_set" comment:"System calls that replace the base set of process and file state; a name with ! in front is never recorded."`
	Repair    bool     `toml:"repair" comment:"The smallest set that keeps the state right for the rules, instead of the base set."`
	All       bool     `toml:"all" comment:"High-volume system calls that rules name are recorded too."`
}

// Driver is how the module is used.
type Driver struct {
	Device          string `toml:"device" comment:"The module's device."`
	RingBytes       uint64 `toml:"ring_bytes" comment:"Size of each CPU's ring in bytes, a power of two of at least 524288."`
	Snaplen         uint32 `toml:"snaplen" comment:"Bytes kept of each data buffer, at most 65000."`
	DropFailedExits bool   `toml:"drop_failed_exits" comment:"System calls that fail are not recorded."`
	IncludeSelf     bool   `toml:"include_self" comment:"The agent's own system calls are recorded."`
}

// Governor is the budget that coverage is traded for.
type Governor struct {
	Enabled    bool   `toml:"enabled" comment:"Over budget the agent keeps less of data buffers, then stops recording the costliest system calls that the fewest and least urgent rules need, never those of the state; each step is an alert."`
	PeriodMS   uint32 `toml:"period_ms" comment:"Milliseconds between two decisions, 100 to 60000. Over budget is a period in which an event was lost or the CPU share passed."`
	CPUPercent uint32 `toml:"cpu_percent" comment:"Share of one CPU that the agent may take, in percent; 0 is no limit."`
	Snaplen    uint32 `toml:"snaplen" comment:"Bytes kept of each data buffer when that is shortened."`
	Hold       uint32 `toml:"hold" comment:"Periods without loss and well below the CPU share before one thing is taken back; more when that was too early."`
}

// Control is the socket for commands.
type Control struct {
	Enabled bool   `toml:"enabled" comment:"The agent listens there; only root may connect."`
	Socket  string `toml:"socket" comment:"Unix socket. Each agent of a host needs one of its own."`
}

// Metrics is the file of numbers.
type Metrics struct {
	Enabled    bool   `toml:"enabled" comment:"The lines are written."`
	Interval   string `toml:"interval" comment:"Time between two lines, at least 100ms: numbers with the units y, w, d, h, m, s and ms, in that order, as 1h or 1m30s."`
	OutputFile string `toml:"output_file" comment:"The file; lines are appended to it. It is opened for each, so that it can be moved away."`
}

// Every is the time between two lines.
func (m *Metrics) Every() time.Duration {
	every, _ := parseInterval(m.Interval) // it was checked
	return every
}

// State bounds the picture of the host.
type State struct {
	MaxBytes   uint64 `toml:"max_bytes" comment:"Bytes of all tables, about; beyond it the threads that were quiet for longest are forgotten, and that is told. 0 stands for a quarter of the memory that is free at the start; replays take 512 MiB."`
	MaxThreads uint32 `toml:"max_threads" comment:"Threads in the tables, at least 1."`
}

// Capture is the files that rules ask for, and the flight recorder behind them.
type Capture struct {
	Enabled         bool   `toml:"enabled" comment:"Files are written. While no rule asks for any, this costs nothing."`
	Mode            string `toml:"mode" comment:"Which matches ask for a file: those of rules that have 'capture: true', or all (rules, all_rules). A match while the file of its tree is being written makes that one longer."`
	PathPrefix      string `toml:"path_prefix" comment:"What names of files begin with; _TIME_NUMBER.scap of the event follows. The folder is made when it is missing. The files are for root alone."`
	BeforeDuration  uint32 `toml:"before_duration" comment:"Milliseconds before the match that are in the file, at most 600000."`
	DefaultDuration uint32 `toml:"default_duration" comment:"Milliseconds after the match that are in the file, for rules without capture_duration."`
	MaxFileSizeMB   uint32 `toml:"max_file_size_mb" comment:"MiB after which a file ends, at most 1048576; 0 is no limit."`
	MaxFiles        uint32 `toml:"max_files" comment:"Files with that prefix that are kept; the oldest is removed for a new one. 0 keeps all."`
	MaxRunning      uint32 `toml:"max_running" comment:"Files that are written at the same time, at least 1; a match that would need one more gets none, and that is counted and told."`
	BufferBytes     uint64 `toml:"buffer_bytes" comment:"Memory for events of the time before a match, of all process trees together, at least 1048576 bytes. When it is short, the tree that holds the most loses its oldest."`
}

// OutputsQueue bounds what waits in front of an output.
type OutputsQueue struct {
	Capacity uint32 `toml:"capacity" comment:"Alerts that may wait; one more is lost, counted and told on stderr."`
}

// StdoutOutput writes alerts to the standard output.
type StdoutOutput struct {
	Enabled bool `toml:"enabled" comment:"Alerts are written there."`
}

// FileOutput appends alerts to a file.
type FileOutput struct {
	Enabled   bool   `toml:"enabled" comment:"Alerts are written there."`
	Filename  string `toml:"filename" comment:"The file; alerts are appended to it."`
	KeepAlive bool   `toml:"keep_alive" comment:"The file stays open; without it the file is opened for each write, so that it can be moved away."`
}

// SyslogOutput writes alerts to the system's log.
type SyslogOutput struct {
	Enabled bool `toml:"enabled" comment:"Alerts are written there."`
}

// ProgramOutput hands alerts to a program.
type ProgramOutput struct {
	Enabled   bool   `toml:"enabled" comment:"Alerts are handed to it."`
	Program   string `toml:"program" comment:"A command for the shell; what it prints goes to stderr."`
	KeepAlive bool   `toml:"keep_alive" comment:"The program runs on and reads a line for each alert; without it the program is started for each alert."`
}

// HTTPOutput posts alerts.
type HTTPOutput struct {
	Enabled         bool   `toml:"enabled" comment:"Alerts are posted."`
	URL             string `toml:"url" comment:"The http or https address."`
	UserAgent       string `toml:"user_agent" comment:"How the agent calls itself."`
	Insecure        bool   `toml:"insecure" comment:"The server's certificate is not verified."`
	CACert          string `toml:"ca_cert" comment:"A file with a certificate to trust, besides those of the system."`
	CABundle        string `toml:"ca_bundle" comment:"A file with several certificates to trust."`
	CAPath          string `toml:"ca_path" comment:"A folder of files with certificates to trust."`
	MTLS            bool   `toml:"mtls" comment:"The agent shows a certificate of its own."`
	ClientCert      string `toml:"client_cert" comment:"The file of that certificate."`
	ClientKey       string `toml:"client_key" comment:"The file of its key."`
	CompressUploads bool   `toml:"compress_uploads" comment:"Requests are compressed with gzip."`
	KeepAlive       bool   `toml:"keep_alive" comment:"One connection serves all alerts."`
	Echo            bool   `toml:"echo" comment:"What the server answers is written to the standard output."`
	TimeoutMS       uint32 `toml:"timeout_ms" comment:"How long a request may take, in milliseconds."`
	MaxTimeouts     uint32 `toml:"max_consecutive_timeouts" comment:"How often an alert is posted again whose request took longer; then it is lost."`
}

// Default is the configuration without any file.
func Default() *Config {
	return &Config{
		Version:                 Version,
		RulesFiles:              []string{"/etc/eyas/rules"},
		Priority:                "debug",
		RuleMatching:            "first",
		Rules:                   []RuleChoice{},
		AppendOutput:            []OutputAddition{{SuggestedOutput: true}},
		JSONIncludeOutput:       true,
		JSONIncludeOutputFields: true,
		JSONIncludeTags:         true,
		LogLevel:                "info",
		LogStderr:               true,
		BaseSyscalls:            BaseSyscalls{CustomSet: []string{}},
		Driver:                  Driver{Device: "/dev/" + abi.Device, RingBytes: 8 << 20, Snaplen: abi.DefaultSnaplen},
		WatchConfigFiles:        true,
		Governor:                Governor{PeriodMS: 1000, CPUPercent: 50, Snaplen: 16, Hold: 10},
		Control:                 Control{Enabled: true, Socket: "/run/eyas/control.sock"},
		Metrics:                 Metrics{Interval: "1h"},
		State:                   State{MaxThreads: 262144},
		Capture: Capture{
			Mode: "rules", PathPrefix: "/var/lib/eyas/capture", BeforeDuration: 5000, DefaultDuration: 5000,
			MaxFileSizeMB: 100, MaxFiles: 100, MaxRunning: 4, BufferBytes: 32 << 20,
		},
		OutputsQueue: OutputsQueue{Capacity: 16384},
		StdoutOutput: StdoutOutput{Enabled: true},
		HTTPOutput:   HTTPOutput{UserAgent: "eyas", TimeoutMS: 5000, MaxTimeouts: 5},
	}
}
