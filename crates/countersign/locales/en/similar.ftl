# Earlier requests that are like this one.
similar-title = Similar requests before
similar-by = asked by { $name }
similar-requester = same requester
similar-subject = about the same
similar-both = same requester, about the same
