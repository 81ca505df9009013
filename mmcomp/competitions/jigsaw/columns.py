"""The 45 columns of the training table."""
MAIN = 'target'
# Released test tables call it `toxicity`.
ALIAS = {'toxicity': MAIN}
SUBTYPES = ('severe_toxicity', 'obscene', 'identity_attack', 'insult', 'threat')
# What the published models predict; `sexual_explicit` came later and is unused.
TARGETS = (MAIN, *SUBTYPES)
IDENTITIES = (
    'asian', 'atheist', 'bisexual', 'black', 'buddhist', 'christian', 'female', 'heterosexual', 'hindu',
    'homosexual_gay_or_lesbian', 'intellectual_or_learning_disability', 'jewish', 'latino', 'male', 'muslim',
    'other_disability', 'other_gender', 'other_race_or_ethnicity', 'other_religion', 'other_sexual_orientation',
    'physical_disability', 'psychiatric_or_mental_illness', 'transgender', 'white')
# Those with more than 500 examples in the test set: the metric's.
METRIC_IDENTITIES = (
    'male', 'female', 'homosexual_gay_or_lesbian', 'christian', 'jewish', 'muslim', 'black', 'white',
    'psychiatric_or_mental_illness')
COUNTS = ('identity_annotator_count', 'toxicity_annotator_count')
COLUMNS = (
    'id', MAIN, 'comment_text', *SUBTYPES, *IDENTITIES, 'created_date', 'publication_id', 'parent_id', 'article_id',
    'rating', 'funny', 'wow', 'sad', 'likes', 'disagree', 'sexual_explicit', *COUNTS)
THRESHOLD = .5
