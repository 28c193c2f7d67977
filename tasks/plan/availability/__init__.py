"""How the cluster's services fare while it is changed: what to ask them all the time, and what follows.

A service is up if any member answers as it should, since a client tries them all, too:

- ZooKeeper commits a write. A session is opened and closed: both go through the quorum's log
  (PrepRequestProcessor.java: createSession, closeSession), and nothing is left behind. The last reply
  carries the zxid, whose upper half is the epoch: every new leader begins a new one.
- A Mesos master leads and has finished its recovery (/api/v1, GET_HEALTH; the others point elsewhere).
- A Marathon answers /v2/leader. Only the leader does, whoever is asked; standbys forward.

Whether a task was lost needs no watching: its id lives once (Mesos 1.5.0), so it is enough to know
what ran before and what became of it. All times are those of one clock, the asking host's.
"""
