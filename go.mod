module github.com/eyas-security/eyas

go 1.24.0
