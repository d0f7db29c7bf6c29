"""A notebook with the reports of a course: `marimo edit examples/reports.py`.

It needs `pip install marimo`, and the settings of edx_assets (the environment or a `.env` file).
"""

import marimo

app = marimo.App(app_title="Reports of a course")


@app.cell
def _():
    import marimo as mo

    import edx_assets

    return edx_assets, mo


@app.cell
def _(edx_assets):
    course_key = "course-v1:McGillX+ATOC185x+2T2014"  # yours
    course = edx_assets.open(course_key)
    return course, course_key


@app.cell
def _(course, course_key, mo):
    learners = course.frame("person_course")
    mo.vstack(
        [
            mo.md(f"# {course_key}\n\n## Learners"),
            learners[["user_id", "mode", "YoB", "gender", "LoE", "profile_country", "start_time"]],
        ]
    )
    return (learners,)


@app.cell
def _(learners, mo):
    completers = learners[learners["completed"].fillna(False)]
    mo.vstack([mo.md("## Who has completed it"), completers[["user_id", "grade", "cert_status"]]])
    return (completers,)


@app.cell
def _(learners, mo):
    registered = learners.groupby(learners["start_time"].dt.date).size().rename("registered")
    mo.vstack([mo.md("## When they registered"), registered])
    return (registered,)


@app.cell
def _(learners, mo):
    countries = learners["countryLabel"].value_counts(dropna=False)
    mo.vstack([mo.md("## Countries, by the address used most"), countries])
    return (countries,)


@app.cell
def _(course, mo):
    posts = course.frame("forum_posts")
    mo.vstack([mo.md("## The forum"), posts[["first_time", "slug_type", "title", "body_preview"]]])
    return (posts,)


@app.cell
def _(course, mo):
    sequentials = course.sql("""
        SELECT sequential.index, sequential.name, count(DISTINCT spent.user_id) AS learners,
            sum(spent.time_30) / 3600 AS hours
        FROM time_on_asset AS spent
        JOIN course_axis AS block USING (module_id)
        JOIN course_axis AS sequential ON sequential.module_id = block.sequential_id
        GROUP BY ALL ORDER BY sequential.index
    """).df()
    mo.vstack([mo.md("## Time on each sequential"), sequentials])
    return (sequentials,)


@app.cell
def _(course, mo):
    problems = course.sql("""
        SELECT module_id, problem_name FROM course_problem
        WHERE learners > 0 ORDER BY problem_index, module_id LIMIT 2
    """).df()  # or those that you choose
    answers = course.frame("answer_distribution").merge(problems, on="module_id")
    mo.vstack([mo.md("## Answers to chosen problems"), answers])
    return answers, problems


if __name__ == "__main__":
    app.run()
