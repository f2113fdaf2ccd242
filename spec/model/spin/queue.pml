/*
 * The write queue: rings, groups, outcomes, the pump (docs/queue.md, lib/threads/rings.ts). Two threads
 * submit, each into its ring, and commit for each other. Each may die at any step, or close; a new thread has
 * the line then, and its block. A writer makes versions that are no group's; a third thread may drain.
 *
 * Time is a choice: with SLICES a thread that waits for outcomes may look again by itself once a thread has
 * died, closed or ended to drain, or a group has failed. Before that, and without SLICES, a thread that
 * sleeps in an end state has not been called.
 *
 * A step is one access to a shared word, or one call of wait or notify. Joined steps, and why they hide
 * nothing:
 * - a thread's word of H_DECIDED is a bit: it has changed since the thread loaded it. A notify that comes
 *   later than the change only makes the sleep longer; who dies in between leaves the sleeper to its slice.
 * - a record and TIP: recovery.pml has them. What a dead owner has not published leaves nothing to recover.
 * - a submission, and the outcomes of a group: nobody reads them before HEAD, or DONE, is stored.
 * - outcomes that a thread reads: nobody writes them any more.
 * - the load of H_DRAINER, and that of H_PUMP and its CAS: who comes too late for the CAS finds the role taken, and a
 *   pump beside a thread that drains is one for one group more.
 * - the words of an emptied block that only the lock's owner stores; that its thread is gone, and the load
 *   of TAIL.
 * - log.settle is one step: tip.pml has it.
 * - a burial frees the lock, then the role, then gives the line back: lines.pml and lock.pml have the rest.
 *
 * Checked: a submission is in one version at most, in the order of its thread, and in none once its outcome
 * was read, it was taken back or it went with its thread; what a thread reads is the outcome of its next
 * submission, and true: that version has it, or none has; what is decided can be read; no end state in which
 * a thread waits; with LIVE, under weak fairness, that all threads finish.
 *
 * Set from outside: UNITS (submissions of each thread), SIZE (of a ring), PLAINS (versions that are no
 * group's), NOOPS (groups that change nothing), FAILS (groups that cannot be committed), DEATHS, CLOSES,
 * HEIRS (new threads on the lines), STAGED (a version is published first, and can be read later), DRAIN (a
 * third thread drains), ENDS (it may stop), SLICES, LIVE, MUTANT_...
 */
#ifndef UNITS
#define UNITS 1
#endif
#ifndef SIZE
#define SIZE 2
#endif
#ifndef PLAINS
#define PLAINS 0
#endif
#ifndef NOOPS
#define NOOPS 0
#endif
#ifndef FAILS
#define FAILS 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef CLOSES
#define CLOSES 0
#endif
#ifndef HEIRS
#define HEIRS 0
#endif
#define RINGS 2
#define ALL (UNITS * (1 + HEIRS))     /* submissions of a line */
#define LAST (RINGS * ALL + PLAINS)

/* Outcomes: a version; a version, and nothing was changed; an error. */
#define SEEN 100
#define FAILED 200

/* Shared memory. Ids count from 1. Versions: TIP, what can be read, R_GROUP of each. */
byte tip, readable, rGroup[LAST + 1];
byte lock, pump, drainer;
bit idle;                       /* H_PUMP_IDLE */
/* Of each block; positions count submissions. */
byte head[RINGS], tail[RINGS], next[RINGS], done[RINGS], group[RINGS];
bit gone[RINGS], asleep[RINGS], told[RINGS];
/* The rings: numbers of submissions, each counted from 1 for its line; their outcomes. */
byte unit[RINGS * SIZE], outcome[RINGS * SIZE];

/* Ghosts: of each submission its version, that its outcome was read, that no version is to have it. */
byte made[RINGS * ALL];
bit known[RINGS * ALL], barred[RINGS * ALL];
byte last[RINGS];               /* the submission that was committed last */
byte deaths, closes, fails, noops, heirs, finished;
bit isLate;                     /* slices may be needed */
hidden byte i, j;               /* only within a d_step */

#ifdef LIVE
ltl all { <> [] (finished == RINGS) }
#endif

#if DEATHS
#define MAYBE_DIE if :: true :: deaths < DEATHS -> deaths++; goto died fi
#else
#define MAYBE_DIE skip
#endif
/* A step before which the thread may die. */
#define AT(step) atomic { MAYBE_DIE; step }
#define OWN(step) atomic { MAYBE_DIE; assert(lock == id); step }

#define CELL(b, position) ((b) * SIZE + (position) % SIZE)
#define OF(b, number) ((b) * ALL + (number) - 1)

/* What was noted of the block has been taken. */
#ifdef MUTANT_SAME_NUMBER
#define IS_TAKEN(b) (rGroup[tip] == group[b])
#else
#define IS_TAKEN(b) (rGroup[tip] >= group[b])
#endif

/* ── The owner of the lock ───────────────────────────────────────────────────────────────────── */

/* settleBlock. */
inline settle(b) {
  OWN(
    if
    :: group[b] != 0 && IS_TAKEN(b) -> tail[b] = next[b]
    :: group[b] != 0 && !IS_TAKEN(b) -> group[b] = 0
    :: else
    fi
  );
  if
  :: group[b] != 0 -> OWN(group[b] = 0)
  :: else
  fi;
  if
  :: gone[b] -> clear(b)
  :: else
  fi
}

/* What nobody has taken goes with its thread. Positions go on, for who tells late may know old ones. */
#ifdef MUTANT_POSITIONS_BACK
#define BEGIN(b) 0
#else
#define BEGIN(b) head[b]
#endif
#ifdef MUTANT_GONE_KEPT
#define PASS(b) skip
#else
#define PASS(b) tail[b] = BEGIN(b); next[b] = BEGIN(b); asleep[b] = 0
#endif
inline clear(b) {
#ifdef MUTANT_GONE_FIRST
  OWN(gone[b] = 0);
#endif
  OWN(bar(b, tail[b]); PASS(b));
#ifndef MUTANT_GONE_KEPT
  OWN(done[b] = BEGIN(b));
#endif
#ifdef MUTANT_POSITIONS_BACK
  OWN(head[b] = 0);
#endif
#ifndef MUTANT_GONE_FIRST
  OWN(gone[b] = 0)
#endif
}

/* A ghost: no version has submissions from a position on, nor is to have them. */
inline bar(b, position) {
  d_step {
    i = position;
    do
    :: i < head[b] -> j = OF(b, unit[CELL(b, i)]); assert(made[j] == 0); barred[j] = 1; i++
    :: else -> break
    od
  }
}

/* Any first ones of the block's that are not taken; one at least if the group has none. */
inline pick(b) {
  OWN(
    seen = head[b];
    assert(at[b] <= seen);
    do
    :: at[b] < seen && (!one || n == 0) -> at[b]++; n++
    :: at[b] == seen || n > 0 -> break
    od;
    seen = 0
  )
}

/* The outcomes of the group's. */
inline apply(b) {
  i = begin[b];
  do
  :: i < at[b] ->
     assert(unit[CELL(b, i)] != 0);
     assert(!known[OF(b, unit[CELL(b, i)])]);
     outcome[CELL(b, i)] = mine;
     i++
  :: else -> break
  od
}

/* A ghost: they are in the version that is being published. */
inline commit(b) {
  i = begin[b];
  do
  :: i < at[b] ->
     j = OF(b, unit[CELL(b, i)]);
     assert(made[j] == 0 && !known[j] && !barred[j] && unit[CELL(b, i)] > last[b]);
     made[j] = tip + 1;
     last[b] = unit[CELL(b, i)];
     i++
  :: else -> break
  od
}

inline note(b) {
#ifdef MUTANT_NUMBER_FIRST
  OWN(group[b] = rGroup[tip] + 1);
  OWN(next[b] = at[b])
#else
  OWN(next[b] = at[b]);
#ifndef MUTANT_UNNOTED
  OWN(group[b] = rGroup[tip] + 1)
#endif
#endif
}

inline take(b) {
  OWN(tail[b] = at[b]);
  OWN(group[b] = 0)
}

/* ── Any thread ──────────────────────────────────────────────────────────────────────────────── */

/* A ghost: what is being decided. */
inline areReadable(b) {
#ifdef STAGED
  d_step {
    i = seen;
    do
    :: i < at[b] -> assert(made[OF(b, unit[CELL(b, i)])] <= readable); i++
    :: else -> break
    od
  }
#else
  skip
#endif
}

/* Selection.tell: what is taken is decided. */
inline tell(b) {
#ifdef MUTANT_TOLD_FIRST
  AT(if :: done[b] != at[b] && asleep[b] -> told[b] = 1 :: else fi);
#endif
  AT(seen = done[b]; isNew = (seen != at[b]));
#ifdef MUTANT_DONE_STORED
  AT(done[b] = at[b]);
#else
  do
  :: seen < at[b] ->
     AT(
       if
       :: done[b] == seen -> areReadable(b); done[b] = at[b]; seen = at[b]
       :: else -> seen = done[b]
       fi
     )
  :: else -> break
  od;
#endif
  seen = 0;
#ifndef MUTANT_TOLD_FIRST
  if
  :: isNew -> AT(if :: asleep[b] -> told[b] = 1 :: else fi)
  :: else
  fi;
#endif
  isNew = 0
}

/* Outcomes up to a position: of the thread's submissions, one after the other, and true. */
inline readTo(position) {
  d_step {
    seen = position;
    assert(seen >= read && seen <= head[me]);
    mine = 0;
    do
    :: read < seen ->
       assert(unit[CELL(me, read)] == first);
       j = OF(me, first);
       i = outcome[CELL(me, read)];
       if
       :: i == FAILED -> assert(made[j] == 0)
       :: i >= SEEN && i < FAILED -> assert(made[j] == 0 && i - SEEN <= tip); mine = i - SEEN
       :: i < SEEN -> assert(i != 0 && made[j] == i); mine = i
       fi;
       assert(!known[j]);
       known[j] = 1;
       first++;
       read++;
       hasRead = 1
    :: else -> break
    od;
    seen = 0
  }
#ifdef MUTANT_READ_UNSETTLED
  assert(mine <= readable)
#else
  waitUntilRead()
#endif
}

/* log.settle: until a version can be read. */
inline waitUntilRead() {
#ifdef STAGED
  AT(if :: readable < mine -> readable = tip :: else fi);
#endif
  mine = 0
}

/* Leaves 1 in `found` if a ring has something that nobody has taken. */
inline lookAt(b) {
  if
  :: !found ->
     AT(seen = head[b]);
     AT(found = (!gone[b] && seen != tail[b]));
     seen = 0
  :: else
  fi
}

#ifdef DRAIN
/* tellPump. */
inline callPump() {
  AT(found = idle);
  if
  :: found -> AT(idle = 0); found = 0
  :: else
  fi
}
#endif

#ifdef MUTANT_ROOM_EARLY
#define MAY_SUBMIT (left > 0 && head[me] - tail[me] < SIZE)
#else
#define MAY_SUBMIT (left > 0 && head[me] - read < SIZE)
#endif
#ifdef MUTANT_WITHDRAWN_BACK
#define WITHDRAW head[me] = tail[me]
#else
#define WITHDRAW tail[me] = head[me]
#endif
/* Also while it waits for the lock, or sleeps: user code runs then. */
#define MAY_CLOSE (me < RINGS && !isClosing && closes < CLOSES)
/* A ring that the group looked at. */
#define IS_PART(b) (!isOwn || me == (b))

proctype Thread(byte me) {
  byte id = me + 1;
  byte left = UNITS;            /* submissions to come */
  byte read;                    /* up to where it has read outcomes */
  byte first = 1, following = 1;     /* the first submission that waits, the next one that comes */
  byte begin[RINGS], at[RINGS];      /* of each ring: TAIL, and up to where the group takes it */
  byte n, mine;                 /* submissions in the group; what their outcome says */
  byte seen, b;
  bit one;                      /* one submission at most */
  bit isOwn, isClosing;         /* a group of its own alone; it closes */
  bit isPump, isStuck, isDone, isMore, sleeps, isNew, hasRead, found;

#ifdef DRAIN
  if
  :: me == RINGS -> goto drain
  :: else
  fi;
#endif
top:
  if
  :: MAY_SUBMIT -> goto submit
  :: isMore || first < following -> isMore = 0; goto work
  :: MAY_CLOSE -> goto close
  :: left == 0 && !isMore && first == following -> goto ended
  fi;

submit:
#ifdef MUTANT_HEAD_FIRST
  AT(head[me]++);
  AT(unit[CELL(me, head[me] - 1)] = following; left--; following++);
#else
  AT(unit[CELL(me, head[me])] = following; outcome[CELL(me, head[me])] = 0);
  AT(head[me]++; left--; following++);
#endif
#if defined(DRAIN) && !defined(MUTANT_UNCALLED)
  callPump();
#endif
  if
  :: sleeps -> goto sleep
  :: else -> goto top
  fi;

work:
  /* Queue.#pump, once. */
  if
  :: isPump
  :: else -> AT(if :: pump == 0 && drainer == 0 -> pump = id; isPump = 1 :: else fi)
  fi;
  if
  :: isPump || isStuck -> goto acquire
  :: else -> goto decided
  fi;

acquire:
  if
  :: atomic { lock == 0 -> MAYBE_DIE; lock = id }
  :: MAY_CLOSE -> goto close
  fi;
#ifdef MUTANT_OWN_SETTLED
  if
  :: IS_PART(0) -> settle(0)
  :: else
  fi;
  if
  :: IS_PART(1) -> settle(1)
  :: else
  fi;
#else
  settle(0);
  settle(1);
#endif
  d_step { begin[0] = tail[0]; at[0] = tail[0]; begin[1] = tail[1]; at[1] = tail[1]; n = 0 }
  if
  :: isOwn -> pick(me)
  :: !isOwn -> pick(0); pick(1)
  :: !isOwn -> pick(1); pick(0)
  fi;
  if
  :: n == 0 ->
     OWN(mine = tip; lock = 0);
     waitUntilRead();
     goto telling
  :: n > 0 -> mine = tip + 1
  :: n > 0 && noops < NOOPS -> d_step { noops++; mine = SEEN + tip }
  fi;
#ifndef MUTANT_OUTCOME_LATE
  OWN(d_step { apply(0); apply(1); skip });
#endif
  if
  :: IS_PART(0) -> note(0)
  :: else
  fi;
  if
  :: IS_PART(1) -> note(1)
  :: else
  fi;
#ifdef MUTANT_TAKEN_FIRST
  take(0);
  take(1);
#endif
  if
  :: mine >= SEEN -> mine = mine - SEEN       /* there is no version */
  :: mine < SEEN && fails < FAILS ->
     atomic { fails++; isLate = 1; mine = tip; lock = 0 }
     waitUntilRead();
     goto failed
  :: mine < SEEN ->
#ifdef MUTANT_DONE_EARLY
     tell(0);
     tell(1);
#endif
     OWN(d_step { commit(0); commit(1); tip++; rGroup[tip] = rGroup[tip - 1] + 1 })
#ifdef MUTANT_OUTCOME_LATE
     OWN(d_step { apply(0); apply(1); skip })
#endif
  fi;
#ifndef MUTANT_TAKEN_FIRST
  if
  :: IS_PART(0) -> take(0)
  :: else
  fi;
  if
  :: IS_PART(1) -> take(1)
  :: else
  fi;
#endif
  OWN(lock = 0);
  waitUntilRead();
  d_step { isDone = 1; one = 0 }
telling:
  if
  :: IS_PART(0) -> tell(0)
  :: else
  fi;
  if
  :: IS_PART(1) -> tell(1)
  :: else
  fi;
groupEnds:
  atomic { begin[0] = 0; at[0] = 0; begin[1] = 0; at[1] = 0; n = 0 }
  if
  :: isClosing -> isDone = 0; goto closing
#ifdef DRAIN
  :: me == RINGS -> goto drained
#endif
  :: else -> goto committed
  fi;

failed:
  /* Committer.#failed: each submission is to fail, or not, by itself. */
  isDone = 1;
  if
  :: n > 1 -> one = 1; goto groupEnds
  :: else -> d_step { b = (at[1] > begin[1] -> 1 : 0); one = 0 }
  fi;
  atomic { lock == 0 -> MAYBE_DIE; lock = id }
#ifndef MUTANT_FAILED_UNSETTLED
  settle(b);
#endif
  OWN(
    if
    :: tail[b] == begin[b] -> outcome[CELL(b, begin[b])] = FAILED; found = 1
    :: else
    fi
  );
  if
  :: found ->
#ifdef MUTANT_FAILED_TAKES_ALL
     if
     :: IS_PART(0) -> take(0)
     :: else
     fi;
     if
     :: IS_PART(1) -> take(1)
     :: else
     fi
#else
     OWN(tail[b] = at[b])
#endif
  :: else
  fi;
  OWN(lock = 0; b = 0);
#ifdef MUTANT_FAILED_TOLD
  found = 0;
  goto telling;
#else
  if
  :: found -> found = 0; goto telling
  :: else -> goto groupEnds     /* others have taken it meanwhile, and tell */
  fi;
#endif

committed:
decided:
  atomic { isStuck = 0; hasRead = 0 }
  if
#ifndef MUTANT_WORK_UNSEEN
  :: isPump -> lookAt(0); lookAt(1)
#endif
  :: else
  fi;
  readTo(done[me]);
  d_step {
    isDone = isDone || hasRead;
    isMore = isDone && first < following;
#ifndef MUTANT_WORK_LEFT
    isMore = isMore || found;
#endif
    found = 0; hasRead = 0
  }
  if
  :: isMore -> isDone = 0; goto top
  :: else
  fi;
  /* The role is given back, before a last look. */
#ifdef MUTANT_GIVEN_LATE
  if
  :: isPump -> lookAt(0); lookAt(1); AT(if :: pump == id -> pump = 0 :: else fi)
  :: else
  fi;
#else
  if
  :: isPump ->
     AT(if :: pump == id -> pump = 0 :: else fi);
#if !defined(MUTANT_WORK_UNSEEN) && !defined(MUTANT_WORK_LEFT)
     lookAt(0);
     lookAt(1)
#endif
  :: else
  fi;
#endif
  d_step { isMore = found; found = 0; isPump = 0 }
  if
  :: isMore || first == following -> isDone = 0; goto top
  :: isDone && !isMore && first < following -> isDone = 0; isMore = 1; goto top
  :: else
  fi;

  /* #sleep. */
#ifndef MUTANT_ASLEEP_LATE
  AT(asleep[me] = 1);
#endif
#ifndef MUTANT_WORD_LATE
  AT(told[me] = 0);
#endif
  readTo(done[me]);
  if
  :: hasRead -> hasRead = 0; isMore = 1; goto top
  :: else
  fi;
#ifdef MUTANT_ASLEEP_LATE
  AT(asleep[me] = 1);
#endif
#ifdef MUTANT_WORD_LATE
  AT(told[me] = 0);
#endif
  sleeps = 1;
sleep:
  if
  :: told[me]
#if defined(SLICES) && !defined(MUTANT_NO_SLICES)
  :: isLate
#endif
  :: MAY_SUBMIT -> goto submit
  :: MAY_CLOSE -> goto close
#if DEATHS
  :: atomic { deaths < DEATHS -> deaths++; goto died }
#endif
  fi;
  sleeps = 0;
  AT(asleep[me] = 0);
  isStuck = !told[me];
  isMore = 1;
  goto top;

close:
  atomic {
    closes++;
    isLate = 1; isClosing = 1; isOwn = 1; isPump = 0;
    sleeps = 0; isMore = 0; isStuck = 0; isDone = 0; hasRead = 0
  }
  if
  :: true
  :: goto withdrawing           /* rejects what nobody has taken */
  fi;
closing:
  if
  :: head[me] != tail[me] -> goto acquire
  :: else
  fi;
withdrawing:
  atomic { lock == 0 -> MAYBE_DIE; lock = id }
#ifndef MUTANT_WITHDRAWN_UNSETTLED
  settle(me);
#endif
  OWN(bar(me, tail[me]); b = tail[me]; WITHDRAW);
  OWN(lock = 0);
  readTo(b);
  b = 0;
  AT(if :: pump == id -> pump = 0 :: else fi);
#ifdef DRAIN
  callPump();
#endif
  goto leave;

#ifdef DRAIN
drain:
  atomic { drainer == 0 -> MAYBE_DIE; drainer = id }
again:
  isDone = 0;
  if
  :: goto acquire
#ifdef ENDS
  :: goto drainEnds
#endif
  fi;
drained:
  if
  :: isDone -> goto again
  :: else
  fi;
#ifdef MUTANT_IDLE_LATE
  lookAt(0);
  lookAt(1);
  AT(idle = 1);
#else
  AT(idle = 1);
  lookAt(0);
  lookAt(1);
#endif
  if
  :: found -> found = 0
  :: else ->
end:
     if
     :: !idle
#ifdef ENDS
     :: goto drainEnds
#endif
#if DEATHS
     :: atomic { deaths < DEATHS -> deaths++; goto died }
#endif
     fi
  fi;
  AT(idle = 0);
  goto again;
#ifdef ENDS
drainEnds:
  AT(idle = 0);
  AT(drainer = 0; isLate = 1);
  goto finally;
#endif
#endif

died:
  /* It is buried: the lock and the role are free, then the line is given back. */
  atomic {
    isLate = 1;
    n = 0; mine = 0; seen = 0; b = 0; one = 0; isOwn = 0; isClosing = 0;
    isPump = 0; isStuck = 0; isDone = 0; isMore = 0; sleeps = 0; isNew = 0; hasRead = 0; found = 0;
    begin[0] = 0; begin[1] = 0; at[0] = 0; at[1] = 0
  }
  atomic { if :: lock == id -> lock = 0 :: else fi }
  atomic {
    if :: pump == id -> pump = 0 :: else fi;
    if :: drainer == id -> drainer = 0 :: else fi
  }
leave:
  if
  :: me < RINGS -> gone[me] = 1
  :: else -> goto finally
  fi;
  d_step { isClosing = 0; isOwn = 0; isPump = 0; left = 0; read = 0 }
  if
  :: atomic { heirs < HEIRS -> heirs++; left = UNITS }
  :: heirs == HEIRS -> goto ended
  fi;
  /* A new thread has the line, and the block once that is empty. */
  if
  :: !gone[me]
  :: atomic { lock == 0 -> lock = id }
     settle(me);
     OWN(lock = 0)
  fi;
  d_step { read = head[me]; first = following }
  goto top;
ended:
  finished++;
finally:
  skip
}

/* Writes versions that are no group's. */
proctype Writer() {
  byte plains;
  do
  :: plains < PLAINS ->
     atomic { lock == 0 -> lock = 9 }
     d_step {
       tip++;
#ifdef MUTANT_GROUP_FORGOTTEN
       rGroup[tip] = 0;
#else
       rGroup[tip] = rGroup[tip - 1];
#endif
       plains++
     }
     lock = 0
  :: else -> break
  od
}

init {
  atomic {
    run Thread(0);
    run Thread(1);
#ifdef DRAIN
    run Thread(RINGS);
#endif
#if PLAINS
    run Writer()
#endif
  }
}
