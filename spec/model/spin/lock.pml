/*
 * The writer lock: who has it, who has the next turn, who is called (docs/protocol.md, Lock and turns). Three threads,
 * each of which writes a bounded number of times and may die at any step; a dead one's line may go to a new thread,
 * with an id of its own, or, in a mutant, with the same number. A tracker hears of deaths, sooner or later or never.
 *
 * Time is a choice. A tenure is over or not; a slice, or a timeout, may end as soon as a thread sleeps. What a waiter
 * does after a slice with the same owner, or turn, it may do here after any. With NO_SLICES there are none, and a call
 * that is lost shows as a thread that sleeps in an end state; only the sleep of a thread that has the turn and is
 * present still ends by itself.
 *
 * A step is one access to a shared word, or one call of wait or notify. Joined steps, and why they hide nothing:
 * - a thread's wake word is a bit: it has changed since the thread loaded it. Nobody else looks at it.
 * - the look at a line: that it waits, its id, its ticket. Who is called is checked again when the turn is its own.
 *   And any waiter may be chosen, which covers each order of tickets; but with LOOPERS the order counts: tickets are
 *   ranks.
 * - `H_LAST` and the ticket, with the owner's next step: a thread that takes itself for the last owner meanwhile finds
 *   the lock taken.
 * - without deaths, a call: that the notify comes later than the change of the word only makes the sleep longer.
 * - in `Wait.next`, the loads of the lock and the turn: all that depends on the former is who is asked for.
 * - in `stepAside`, the loads before the sleep: they only decide if the thread tries once more before it is counted.
 *
 * Also joined, and this does hide something: with JOINED, the looks at all lines; with LOOPERS, `tryAcquire` (the README
 * says what).
 *
 * Checked: one owner at a time, none that finds the data half done without DIRTY; the count of waiters is never too
 * low; no end state in which a live thread sleeps; with LIVE, under weak fairness, that all of them finish.
 *
 * Set from outside: ROUNDS (writes of each thread), DEATHS, LEAVES (waits that may time out), SLOW (turns of living
 * threads that are set aside), SHY (a thread waits asynchronously), LOOPERS (threads that write for ever), HEIRS (new
 * threads have the lines of dead ones), NO_SHIES (a thread whose turn was set aside is not shy), NO_TRACKER, JOINED, NO_SLICES, HEARD (no slices; each death is heard of, and
 * nobody dies between giving a turn and calling), LIVE, MUTANT_...
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef LEAVES
#define LEAVES 0
#endif
#ifndef SLOW
#define SLOW 0
#endif
#ifndef LOOPERS
#define LOOPERS 0
#endif
#if defined(HEARD) || defined(MUTANT_NO_SLICES)
#define NO_SLICES
#endif
#define IDS (THREADS + DEATHS)

/* A thread whose turn was set aside is shy, too. */
#if (defined(SHY) || SLOW || DEATHS) && !defined(NO_SHIES)
#define SHIES
#endif

#define PRESENT 64
#define HOLDER(word) ((word) & 63)
#define BURIED 100              /* and the burier's id */

/* Shared memory. Ids count from 1; the tracker's is 0. */
byte lock, turn, waiters, last;
byte lineId[THREADS];
bit waiting[THREADS], shy[THREADS];
#if LOOPERS
byte rank[THREADS];             /* 0: the line that has not had the lock for longest */
#endif
bit called[IDS + 1], asleep[IDS + 1];
bit dirty, half;                /* half: data is half changed */

/* Ghosts: the living thread that is in its critical section; live threads that have not finished. */
byte inside, busy = THREADS - LOOPERS;
bit alive[IDS + 1];
byte deaths, leaves, slow, lastId = THREADS;
hidden byte k;

#ifdef LIVE
#if LOOPERS
bit served;                     /* the thread that writes once has had the lock */
ltl all { <> served }
#else
ltl all { <> [] (busy == 0) }
#endif
#endif

#ifdef HEARD
#define MAY_DIE (id != 0 && next == 0 && deaths < DEATHS)
#else
#define MAY_DIE (id != 0 && deaths < DEATHS)
#endif
#if DEATHS
#define MAYBE_DIE if :: true :: MAY_DIE -> deaths++; goto died fi
#else
#define MAYBE_DIE skip
#endif
/* A step before which the thread may die. */
#define AT(step) atomic { MAYBE_DIE; step }
/* A step in the critical section: no other thread is in one. */
#define OWN(step) atomic { MAYBE_DIE; assert(lock == id && inside == id); step }

#define CAS(word, old, new) if :: word == (old) -> word = (new) :: else fi
/* A dead thread that can be told to be dead: as long as it has a line. */
#define IS_DEAD(x) ((x) != 0 && !alive[x] && HAS_LINE(x))
#if THREADS == 2
#define HAS_LINE(x) (lineId[0] == (x) || lineId[1] == (x))
#define COUNTED (waiters >= waiting[0] + waiting[1])
#define WAITS(x) (waiting[0] && lineId[0] == (x) || waiting[1] && lineId[1] == (x))
#else
#define HAS_LINE(x) (lineId[0] == (x) || lineId[1] == (x) || lineId[2] == (x))
#define COUNTED (waiters >= waiting[0] + waiting[1] + waiting[2])
#define WAITS(x) \
  (waiting[0] && lineId[0] == (x) || waiting[1] && lineId[1] == (x) || waiting[2] && lineId[2] == (x))
#endif

/* It does not wait, or will never wake. */
#define IS_OUT(x) (!WAITS(x) || !alive[x])

#if LOOPERS && !defined(MUTANT_ANY_WAITER)
#define MAY_BE_FIRST(i, other) (rank[i] < rank[other])
#else
#define MAY_BE_FIRST(i, other) true
#endif

/* The word changes, then the thread is notified. */
inline call(x) {
#if DEATHS
  AT(called[x] = 1);
  AT(asleep[x] = 0)
#else
  atomic { called[x] = 1; asleep[x] = 0 }
#endif
}

inline lookAtLine() {
  if
  :: waiting[i] && lineId[i] != 0 && lineId[i] < BURIED ->
     if
     :: shy[i] -> shyNext = lineId[i]
     :: !shy[i] && next == 0 -> next = lineId[i]; at = i
     :: !shy[i] && next != 0 && MAY_BE_FIRST(i, at) -> next = lineId[i]; at = i
     :: !shy[i] && next != 0 && MAY_BE_FIRST(at, i)
     fi
  :: else
  fi;
  i++
}

/*
 * callNext, if `gone` is 0; else giveOn for that thread. Where the waiter that is given the turn does not wait any
 * more, the turn is given on at once.
 */
inline passOn() {
  do
  :: true ->
     if
     :: gone != 0 ->
        AT(if :: HOLDER(turn) == gone -> turn = 0 :: else fi);
        next = 0;
        gone = 0;
        atomic { MAYBE_DIE; if :: lock != 0 -> break :: else fi };
        atomic { MAYBE_DIE; if :: waiters == 0 -> break :: else fi };
        atomic { MAYBE_DIE; if :: turn != 0 -> break :: else fi }
     :: else
     fi;
#ifdef JOINED
     atomic {
       MAYBE_DIE;
       do
       :: i < THREADS -> lookAtLine()
       :: else -> i = 0; break
       od
     }
#else
     do
     :: i < THREADS -> atomic { MAYBE_DIE; lookAtLine() }
     :: else -> i = 0; break
     od;
#endif
#ifdef SHIES
     if
     :: shyNext != 0 -> call(shyNext)
     :: shyNext != 0 && next != 0     /* the other has not had the lock for longer */
     :: shyNext == 0
     fi;
     shyNext = 0;
#endif
     if
     :: next == 0 -> break
     :: else
     fi;
     atomic {
       MAYBE_DIE;
#ifdef MUTANT_TURN_STORED
       turn = next
#else
       if
       :: turn == 0 -> turn = next
       :: else -> next = 0; at = 0; break
       fi
#endif
     }
#ifndef MUTANT_UNCHECKED
     AT(if :: waiting[at] && lineId[at] == next :: else -> gone = next fi);
#endif
     at = 0;
     if
     :: gone == 0 -> call(next); next = 0; break
     :: else
     fi
  od
}

/* Buries `gone`. */
inline bury() {
  AT(CAS(lock, gone, 0));
  do
  :: atomic {
       MAYBE_DIE;
       /* Lines that it was burying, then its own. */
       k = 0;
       do
       :: k < THREADS && lineId[k] != BURIED + gone -> k++
       :: else -> break
       od;
       if
       :: k == THREADS ->
          k = 0;
          do
          :: k < THREADS && lineId[k] != gone -> k++
          :: else -> break
          od
       :: else
       fi;
       if
       :: k == THREADS -> break
       :: else -> at = k; lineId[at] = BURIED + id
       fi
     }
#ifdef MUTANT_GIVEN_FIRST
     buried = gone;
     passOn();
     gone = buried;
     buried = 0;
#endif
     AT(n = waiting[at]; waiting[at] = 0);
     AT(waiters = waiters - n; n = 0; assert(COUNTED));
     AT(lineId[at] = 0; at = 0)
  od;
  at = 0;
#if defined(MUTANT_GIVEN_FIRST) || defined(MUTANT_BURIED_SILENTLY)
  gone = 0
#else
  passOn()
#endif
}

proctype Thread(byte me) {
  byte id = me + 1, rounds, seen, owner, next, shyNext, at, i, n, gone;
#ifdef MUTANT_GIVEN_FIRST
  byte buried;
#endif
#if LOOPERS
  bit goneOn;                   /* a tenure is long enough for one more turn */
#endif
  bit counted, aside;           /* it waits; it has stepped aside */
  bit timed, over;              /* the wait may time out; it has */
  bit sliced, brief;            /* a slice is over; the next one ends by itself */

  do
  :: rounds < ROUNDS || me < LOOPERS ->
try:
     /* tryAcquire. */
#if LOOPERS
     atomic {
#endif
     AT(seen = turn);
     if
     :: seen != 0 && HOLDER(seen) != id ->
        atomic { MAYBE_DIE; if :: last != id -> seen = 0; goto refused :: else fi };
        if
#ifndef MUTANT_NO_TENURE
        :: true ->                            /* its tenure is over */
           if
           :: seen & PRESENT -> seen = HOLDER(seen); call(seen)
           :: else
           fi;
           seen = 0;
           goto refused
#endif
#if LOOPERS
#ifdef MUTANT_NO_TENURE
        :: true
#else
        :: !goneOn -> goneOn = 1
#endif
#else
        :: true
#endif
        fi
     :: else
     fi;
     atomic {
       MAYBE_DIE;
       if
       :: lock == 0 -> lock = id
       :: else -> seen = 0; goto refused
       fi
     }
#if LOOPERS
     }
#endif
     if
     :: HOLDER(seen) == id -> AT(CAS(turn, seen, 0))
     :: else
     fi;
     atomic {
       MAYBE_DIE;
       seen = 0;
       if
       :: last != id ->
          last = id;
#if LOOPERS
          goneOn = 0;
          k = 0;
          do
          :: k < THREADS && rank[k] > rank[me] -> rank[k] = rank[k] - 1; k++
          :: k < THREADS && rank[k] <= rank[me] -> k++
          :: k == THREADS -> break
          od;
          rank[me] = THREADS - 1;
#endif
       :: else
       fi
     }
     if
     :: counted -> goto leave
     :: else -> goto owns
     fi;
refused:
     if
     :: counted -> goto look
#ifdef SHY
     :: !counted && me == THREADS - 1 -> goto arrive
#endif
     :: else
     fi;
     /* stepAside, once: the thread that has been called has not come. */
     atomic {
       MAYBE_DIE;
       if
       :: !aside && turn != 0 && !(turn & PRESENT) && last == id && lock == 0 -> seen = turn; aside = 1
       :: else -> aside = 0; goto arrive
       fi
     }
#ifndef NO_SLICES
     if
     :: IS_DEAD(seen) ->
        gone = seen;
        bury()
     :: else
     fi;
#endif
     atomic {
       MAYBE_DIE;
       if
       :: turn != seen -> aside = 0; seen = 0; goto arrive
       :: else -> seen = 0
       fi;
#if LOOPERS
       goneOn = 0
#endif
     }
     goto try;
arrive:
     if
     :: true
     :: leaves < LEAVES -> leaves++; timed = 1
     fi;
#ifdef MUTANT_FLAG_FIRST
     AT(waiting[me] = 1; assert(COUNTED));
     AT(waiters++);
#else
#ifndef MUTANT_COUNT_LATE
     AT(waiters++);
     atomic {
       MAYBE_DIE;
#ifdef SHY
       shy[me] = (me == THREADS - 1);
#else
#ifdef SHIES
       shy[me] = 0;
#endif
#endif
       waiting[me] = 1
     }
#endif
#endif
     counted = 1;
again:
     /* The loop of acquire: loads the wake word, tries, sleeps. */
     sliced = 0;
#ifndef MUTANT_WORD_LATE
     AT(called[id] = 0);
#endif
     goto try;
look:
#ifdef MUTANT_COUNT_LATE
     AT(if :: !waiting[me] -> waiters++ :: else fi);
     AT(waiting[me] = 1);
#endif
     /* Wait.next. */
     AT(owner = lock; seen = turn);
     if
     :: over && owner == 0 -> goto takeOver
     :: (over || sliced) && owner != 0 ->
        if
        :: IS_DEAD(owner) -> gone = owner; bury()
        :: else
        fi;
        if
        :: over ->
           atomic {
             MAYBE_DIE;
             if
             :: lock == owner -> owner = 0; seen = 0; goto leave
             :: else -> owner = 0; seen = 0; goto again
             fi
           }
        :: else
        fi
     :: else
     fi;
     if
     :: HOLDER(seen) == id ->
        AT(CAS(turn, seen, id | PRESENT));
#ifndef MUTANT_PRESENT_SLEEPS
        brief = 1;
#endif
#ifdef MUTANT_NO_TAKEOVER
     :: false ->
#else
     :: sliced && seen != 0 && HOLDER(seen) != id && (IS_OUT(HOLDER(seen)) || slow < SLOW) ->
        if
        :: IS_DEAD(HOLDER(seen)) -> gone = HOLDER(seen); bury()
        :: else
        fi;
        /* One that is awake waits for the owner, as this thread does. */
        if
        :: owner != 0 && (seen & PRESENT) -> goto lieDown
        :: else
        fi;
        if
        :: !IS_OUT(HOLDER(seen)) -> slow++
        :: else
        fi;
#ifdef SHIES
        atomic {
          MAYBE_DIE;
          k = 0;
          do
          :: k < THREADS && lineId[k] != HOLDER(seen) -> k++
          :: k < THREADS && lineId[k] == HOLDER(seen) -> shy[k] = 1; k++
          :: k == THREADS -> k = 0; break
          od
        }
#endif
#endif
takeOver:
        owner = 0;
        AT(CAS(turn, seen, id | PRESENT));
        seen = 0;
        goto again
#ifdef MUTANT_NO_TAKEOVER
     :: HOLDER(seen) != id
#else
     :: HOLDER(seen) != id && !(sliced && seen != 0 && IS_OUT(HOLDER(seen)))
#endif
     fi;
lieDown:
     owner = 0;
     seen = 0;
#ifdef MUTANT_WORD_LATE
     AT(called[id] = 0);
#endif
     /* Atomics.wait: looks at the word and lies down in one. */
     sliced = 0;
     atomic {
       MAYBE_DIE;
       if
       :: called[id] -> brief = 0
       :: else -> assert(COUNTED && waiting[me]); asleep[id] = 1
       fi
     }
     atomic {
       if
       :: !asleep[id]
#ifdef NO_SLICES
       :: asleep[id] && brief
#else
       :: asleep[id] && (deaths > 0 || slow < SLOW) -> sliced = 1
       :: asleep[id] && brief && deaths == 0
#endif
       :: asleep[id] && timed && !over -> over = 1
#if DEATHS
       :: MAY_DIE -> deaths++; goto died
#endif
       fi;
       asleep[id] = 0;
       brief = 0
     }
#ifdef SHIES
     AT(shy[me] = 0);
#endif
#ifndef MUTANT_WORD_LATE
     AT(called[id] = 0);
#endif
     goto try;
leave:
     AT(waiting[me] = 0; called[id] = 0);
     AT(waiters--; assert(COUNTED));
     counted = 0;
     timed = 0;
     over = 0;
     sliced = 0;
     aside = 0;
     if
#ifdef MUTANT_TURN_KEPT
     :: lock == id -> goto owns
     :: lock != id
#else
     :: true
#endif
     fi;
#ifndef MUTANT_LEFT_SILENTLY
     gone = id;
     passOn();
#endif
     if
     :: lock == id -> goto owns
     :: else -> goto done
     fi;
owns:
     aside = 0;
     atomic {
       assert(inside == 0);
       inside = id;
#if LOOPERS && defined(LIVE)
       served = served || me >= LOOPERS
#endif
     }
#if DEATHS
     if
     :: dirty -> OWN(half = 0)                /* recovery */
     :: else
     fi;
     OWN(dirty = 1);
     assert(!half);
     OWN(half = 1);
     OWN(half = 0; dirty = 0);
#endif
     /* release. */
#ifdef MUTANT_TURN_FIRST
     AT(seen = turn);
#endif
     OWN(lock = 0; inside = 0);
     atomic { MAYBE_DIE; if :: waiters == 0 -> goto released :: else fi }
#ifndef MUTANT_TURN_FIRST
     AT(seen = turn);
#endif
     if
     :: seen == 0 -> passOn()
     :: HOLDER(seen) == id -> gone = id; passOn()
     :: seen != 0 && HOLDER(seen) != id ->
        if
        :: seen & PRESENT -> seen = HOLDER(seen); call(seen)      /* its tenure is over */
        :: true
        fi
     fi;
released:
     seen = 0;
done:
     if
     :: me >= LOOPERS -> rounds++
     :: else
     fi
  :: else -> break
  od;
  AT(lineId[me] = 0);
  atomic { busy--; goto ended }
died:
  atomic {
    alive[id] = 0;
    asleep[id] = 0;
    called[id] = 0;
    busy--;
    seen = 0; owner = 0; next = 0; shyNext = 0; at = 0; i = 0; n = 0; gone = 0;
    counted = 0; aside = 0; timed = 0; over = 0; sliced = 0; brief = 0;
    if
    :: inside == id -> inside = 0
    :: else
    fi
  }
#ifdef HEIRS
  /* A new thread has the line, once it is free. */
end:
  if
  :: atomic {
       lineId[me] == 0 && rounds < ROUNDS ->
#ifndef MUTANT_LINE_NUMBER
       lastId++;
       id = lastId;
#endif
       lineId[me] = id;
       alive[id] = 1;
       busy++
     }
     goto try
  :: true
  fi;
#endif
ended:
  skip
}

/* Hears of deaths; its own nobody sees. */
proctype Tracker() {
  byte id, next, shyNext, at, i, n, gone;
#ifdef MUTANT_GIVEN_FIRST
  byte buried;
#endif
end:
  do
  :: atomic { IS_DEAD(1) -> gone = 1 }; bury()
  :: atomic { IS_DEAD(2) -> gone = 2 }; bury()
#if THREADS == 3 || defined(HEIRS)
  :: atomic { IS_DEAD(3) -> gone = 3 }; bury()
#endif
#if IDS > 3 && defined(HEIRS)
  :: atomic { IS_DEAD(4) -> gone = 4 }; bury()
#endif
#if IDS > 4 && defined(HEIRS)
  :: atomic { IS_DEAD(5) -> gone = 5 }; bury()
#endif
#ifndef HEARD
  :: break
#endif
  od;
died:
  skip
}

init {
  atomic {
    do
    :: k < THREADS ->
       lineId[k] = k + 1;
       alive[k + 1] = 1;
#if LOOPERS
       rank[k] = k;
#endif
       k++
    :: else -> k = 0; break
    od;
#if DEATHS && !defined(NO_TRACKER)
    run Tracker();
#endif
    run Thread(0);
    run Thread(1);
#if THREADS == 3
    run Thread(2)
#endif
  }
}
