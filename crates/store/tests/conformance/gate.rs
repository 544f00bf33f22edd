use crate::kit::*;
use housekey_core::{
    challenge::{Level, Solved},
    limits::Limit,
};
use housekey_store::{
    StoreError,
    gate::{Gate, Holder, Verdict},
    limits::Spend,
};
use std::time::Duration;

fn bucket(name: u8, burst: u32) -> Spend {
    Spend { name: [name; 32], limit: Limit::new(burst, Duration::from_secs(60)) }
}

fn gate(shown: Option<Solved>) -> Gate {
    Gate {
        outer: vec![bucket(1, 200)],
        eased: vec![bucket(2, 2)],
        inner: vec![bucket(3, 20)],
        shown,
        ..Gate::default()
    }
}

fn solved(id: u8, level: Level) -> Option<Solved> {
    Some(Solved { id: vec![id; 16], level, expires: at(300) })
}

#[tokio::test]
async fn sec_10_a_gate_eases_asks_and_refuses_in_that_order() {
    for base in bases().await {
        let store = &base.store;
        let ask = |shown, now| async move { store.pass(gate(shown), now).await.unwrap().verdict };
        assert_eq!([ask(None, NOW).await, ask(None, NOW).await], [Verdict::Open; 2]);
        let asked = Verdict::Challenge { level: Level::Light, retry_after: Duration::from_secs(30) };
        assert_eq!(ask(None, NOW).await, asked);
        assert_eq!(ask(solved(1, Level::Light), NOW).await, Verdict::Open);
        assert_eq!(ask(solved(1, Level::Light), NOW).await, asked, "used");
        // A row that is too old to count is swept, and what it stood for counts no more for that.
        store.sweep(at(301), Duration::from_secs(3600)).await.unwrap();
        for _ in 0..10 {
            ask(None, at(301)).await;
        }
        assert!(matches!(ask(solved(1, Level::Light), at(301)).await, Verdict::Challenge { .. }), "swept, and too old");
        for id in 10..60 {
            ask(solved(id, Level::Heavy), at(290)).await;
        }
        assert!(
            matches!(ask(solved(61, Level::Heavy), at(290)).await, Verdict::Refused { .. }),
            "the inner bucket is empty"
        );
    }
}

#[tokio::test]
async fn sec_15_a_lighter_solution_is_not_enough_and_is_not_used_up() {
    for base in bases().await {
        let heavier = |shown| Gate { least: Level::Medium, always: true, ..gate(shown) };
        let store = &base.store;
        let asked = store.pass(heavier(solved(1, Level::Light)), NOW).await.unwrap().verdict;
        assert!(matches!(asked, Verdict::Challenge { level: Level::Medium, .. }));
        for _ in 0..2 {
            store.pass(gate(None), NOW).await.unwrap();
        }
        assert_eq!(store.pass(gate(solved(1, Level::Light)), NOW).await.unwrap().verdict, Verdict::Open);
    }
}

#[tokio::test]
async fn sec_12_of_two_nodes_one_takes_a_solution() {
    let Some(base) = postgres().await else { return };
    let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(base.options.clone().unwrap());
    let nodes = [base.store.clone(), housekey_store::Store::postgres(pool)];
    let done = at_once(60, |i| {
        let store = nodes[i % 2].clone();
        async move {
            let always = Gate { always: true, shown: solved(1, Level::Heavy), ..Gate::default() };
            store.pass(always, NOW).await.unwrap().verdict
        }
    })
    .await;
    assert_eq!(done.iter().filter(|verdict| **verdict == Verdict::Open).count(), 1);
}

#[tokio::test]
async fn sec_15_a_pass_is_of_its_holder_its_action_and_its_level_and_counts_once() {
    for base in bases().await {
        let store = &base.store;
        let asked = |holder: u8, action: &'static str, least, now| async move {
            let pass = Some(Holder { name: [holder; 32], action });
            let gate = Gate { always: true, least, pass, ..Gate::default() };
            store.pass(gate, now).await.unwrap()
        };
        let light = solved(1, Level::Light).unwrap();
        store.grant_pass([7; 32], "sign_in", light.clone()).await.unwrap();
        let again = store.grant_pass([8; 32], "sign_in", light).await;
        assert!(matches!(again, Err(StoreError::Conflict)), "what was solved makes one pass");
        for (holder, action, least, now) in [
            (8, "sign_in", Level::Light, NOW),
            (7, "sign_up", Level::Light, NOW),
            (7, "sign_in", Level::Medium, NOW),
            (7, "sign_in", Level::Light, at(300)),
        ] {
            assert!(matches!(asked(holder, action, least, now).await.verdict, Verdict::Challenge { .. }));
        }
        let passed = asked(7, "sign_in", Level::Light, NOW).await;
        assert_eq!((passed.verdict, passed.solved), (Verdict::Open, Some(Level::Light)));
        assert!(matches!(asked(7, "sign_in", Level::Light, NOW).await.verdict, Verdict::Challenge { .. }), "taken");
        // One for any action, in place of the one before.
        store.grant_pass([7; 32], "mail", solved(2, Level::Light).unwrap()).await.unwrap();
        store.grant_pass([7; 32], "", solved(3, Level::Heavy).unwrap()).await.unwrap();
        assert_eq!(asked(7, "reset", Level::Heavy, NOW).await.verdict, Verdict::Open);
        assert!(matches!(asked(7, "mail", Level::Light, NOW).await.verdict, Verdict::Challenge { .. }));
    }
}

#[tokio::test]
async fn sec_12_of_sixteen_who_come_with_one_pass_one_gets_through() {
    for base in bases().await {
        base.store.grant_pass([7; 32], "sign_in", solved(1, Level::Light).unwrap()).await.unwrap();
        let tries = (0..16).map(|_| {
            let (store, pass) = (base.store.clone(), Some(Holder { name: [7; 32], action: "sign_in" }));
            tokio::spawn(async move {
                store.pass(Gate { always: true, pass, ..Gate::default() }, NOW).await.unwrap().verdict == Verdict::Open
            })
        });
        let mut passed = 0;
        for told in tries.collect::<Vec<_>>() {
            passed += u32::from(told.await.unwrap());
        }
        assert_eq!(passed, 1);
    }
}
