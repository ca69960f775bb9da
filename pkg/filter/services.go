// SPDX-License-Identifier: Apache-2.0

package filter

// services are the well-known service names that may stand for a port. The list
// is built in, so that a rule means the same on every host.
var services = map[string]uint16{
	"tcpmux": 1, "echo": 7, "discard": 9, "systat": 11, "daytime": 13, "netstat": 15, "qotd": 17,
	"chargen": 19, "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "mail": 25,
	"time": 37, "whois": 43, "tacacs": 49, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69,
	"gopher": 70, "finger": 79, "http": 80, "www": 80, "kerberos": 88, "kerberos5": 88, "krb5": 88,
	"iso-tsap": 102, "acr-nema": 104, "pop3": 110, "pop-3": 110, "sunrpc": 111, "portmapper": 111,
	"auth": 113, "ident": 113, "nntp": 119, "ntp": 123, "epmap": 135, "netbios-ns": 137,
	"netbios-dgm": 138, "netbios-ssn": 139, "imap": 143, "imap2": 143, "snmp": 161, "snmp-trap": 162,
	"snmptrap": 162, "xdmcp": 177, "bgp": 179, "irc": 194, "smux": 199, "ldap": 389, "svrloc": 427,
	"https": 443, "snpp": 444, "microsoft-ds": 445, "kpasswd": 464, "submissions": 465, "ssmtp": 465,
	"isakmp": 500, "exec": 512, "biff": 512, "login": 513, "who": 513, "shell": 514, "syslog": 514,
	"printer": 515, "talk": 517, "ntalk": 518, "route": 520, "gdomap": 538, "uucp": 540, "klogin": 543,
	"kshell": 544, "dhcpv6-client": 546, "dhcpv6-server": 547, "afpovertcp": 548, "rtsp": 554,
	"nntps": 563, "submission": 587, "ipp": 631, "ldaps": 636, "ldp": 646, "tinc": 655, "silc": 706,
	"kerberos-adm": 749, "domain-s": 853, "rsync": 873, "ftps-data": 989, "ftps": 990, "telnets": 992,
	"imaps": 993, "pop3s": 995, "socks": 1080, "proofd": 1093, "openvpn": 1194, "rmiregistry": 1099,
	"lotusnote": 1352, "ms-sql-s": 1433, "ms-sql-m": 1434, "ingreslock": 1524, "datametrics": 1645,
	"radius": 1812, "radius-acct": 1813, "cisco-sccp": 2000, "nfs": 2049, "gnunet": 2086,
	"rtcm-sc104": 2101, "gsigatekeeper": 2119, "cvspserver": 2401, "venus": 2430, "mon": 2583,
	"zebra": 2601, "gsiftp": 2811, "iscsi-target": 3260, "mysql": 3306, "ms-wbt-server": 3389,
	"nut": 3493, "svn": 3690, "epmd": 4369, "f5-globalsite": 4353, "remctl": 4373, "ntske": 4460,
	"sieve": 4190, "ipsec-nat-t": 4500, "iax": 4569, "radmin-port": 4899, "sip": 5060, "sip-tls": 5061,
	"xmpp-client": 5222, "xmpp-server": 5269, "mdns": 5353, "postgresql": 5432, "amqps": 5671,
	"amqp": 5672, "x11": 6000, "gnutella-svc": 6346, "redis": 6379, "babel": 6696, "ircs-u": 6697,
	"bbs": 7000, "font-service": 7100, "http-alt": 8080, "webcache": 8080, "puppet": 8140,
	"bacula-dir": 9101, "bacula-fd": 9102, "bacula-sd": 9103, "git": 9418, "zabbix-agent": 10050,
	"zabbix-trapper": 10051, "amanda": 10080, "kamanda": 10081,
}

func servicePort(name string) (uint16, bool) {
	port, ok := services[name]
	return port, ok
}
