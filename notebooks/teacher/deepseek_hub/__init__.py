"""A school's hub: the lessons on JupyterHub, each learner with an own folder. The teacher's guide says how."""
